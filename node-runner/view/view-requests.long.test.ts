import { expect, it } from 'vitest'
import { askViewer } from '../../test/support/view-requests.ts'

it('answers 100,000 mutated requests with what may be read or a refusal, in time and memory', async () => {
  const { counts, failures, slowestMs } = await askViewer(100_000)
  const megabytes = process.resourceUsage().maxRSS / 1024
  console.log(
    'viewer requests by status',
    counts,
    `slowest ${slowestMs.toFixed(0)} ms, ${megabytes.toFixed(0)} MB`,
  )
  expect(failures).toEqual([])
  expect(slowestMs).toBeLessThan(2_000)
  expect(megabytes).toBeLessThan(512)
})
