import { expect, it } from 'vitest'
import { askViewer } from '../../test/support/view-requests.ts'

it('answers 4,000 mutated requests with what may be read or a refusal', async () => {
  const { counts, failures, slowestMs } = await askViewer(4_000)
  console.log('viewer requests by status', counts, `slowest ${slowestMs.toFixed(0)} ms`)
  expect(failures).toEqual([])
  // Requests that are all refused at the door would test little.
  for (const status of ['200', '206', '400', '403', '404', '405', '431'])
    expect(counts[status], status).toBeGreaterThan(8)
})
