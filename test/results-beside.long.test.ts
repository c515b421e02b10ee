import { describe, expect, it } from 'vitest'
import { analyseBesideEval, killAnalyse } from './support/results-rounds.ts'

describe('results that several processes make', () => {
  it.each([1, 2, 3, 4])(
    'are of one state each, and in the end those of the whole run (%i of 4)',
    async () => {
      const done = await analyseBesideEval(100)
      console.log(`100 rounds: ${JSON.stringify(done)}, the quiet run`)
    },
  )

  it('come out whole after a kill', async () => {
    const killed = await killAnalyse(100)
    console.log(`100 rounds, ${killed} killed at work: the quiet run`)
    expect(killed).toBeGreaterThan(0)
  })
})
