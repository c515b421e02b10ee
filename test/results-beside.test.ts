import { describe, expect, it } from 'vitest'
import { analyseBesideEval, killAnalyse, stopWhilePlacing } from './support/results-rounds.ts'

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

  it('are those of the finished run where a process was stopped as it put its own in place', async () => {
    const places = [0, 1, 2, 99]
    const steps = await stopWhilePlacing(places)
    console.log(`stopped at 3 of ${steps} steps: the quiet run`)
    expect(steps).toBeGreaterThan(3)
  })
})
