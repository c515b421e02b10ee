import { describe, expect, it } from 'vitest'
import { analyseBesideEval, killAnalyse } from './support/results-rounds.ts'

// As few as a busy machine does in a minute; `npm run test:long` has 400 and 100.
describe('results that several processes make', () => {
  it('are of one state each, and in the end those of the whole run', async () => {
    const done = await analyseBesideEval(4)
    console.log(`4 rounds: ${JSON.stringify(done)}, the quiet run`)
  })

  it('come out whole after a kill', async () => {
    const killed = await killAnalyse(3)
    console.log(`3 rounds, ${killed} killed at work: the quiet run`)
    expect(killed).toBeGreaterThan(0)
  })
})
