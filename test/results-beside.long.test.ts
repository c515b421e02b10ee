import { describe, expect, it } from 'vitest'
import { analyseBesideEval, killAnalyse, stopWhilePlacing } from './support/results-rounds.ts'

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

  it('are those of the finished run wherever a process was stopped as it put its own in place', async () => {
    // A number of its own tells how many steps there are.
    const steps = await stopWhilePlacing([99])
    for (let step = 0; step < steps; step += 4)
      await stopWhilePlacing([0, 1, 2, 3].map(more => step + more).filter(place => place < steps))
    console.log(`stopped at each of ${steps} steps: the quiet run`)
    expect(steps).toBeGreaterThan(9)
  })
})
