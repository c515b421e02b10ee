import { expect, it } from 'vitest'
import { showsProcesses } from './support/child-processes.ts'
import { describeWhere } from './support/describe-where.ts'
import { contend, fillAndResume, folderStates, killAndResume, stopAndWake } from './support/lease-rounds.ts'

const reason = 'this machine shows no processes under /proc'

describeWhere(showsProcesses, reason, 'a run that several processes want', () => {
  it.each(folderStates)('has exactly one holder where the folder is %s', async state => {
    // As many rounds as fit, in three batches at most; `npm run test:long` has 400 of each.
    const done = await contend(state, 24, { timeoutMs: 9_000 })
    console.log(`${done} rounds of four processes at a folder ${state}: one winner each`)
    expect(done).toBeGreaterThan(0)
  })

  it('comes out whole when its holder is stopped past its lease and woken', async () => {
    const rounds = 6
    for (let round = 0; round < rounds; round++) await stopAndWake(round)
    console.log(`${rounds} rounds of a holder that was stopped and woken: the quiet run`)
  })

  it('comes out whole when its holders are killed', async () => {
    let killed = 0
    const rounds = 4
    for (let round = 0; round < rounds; round++) killed += await killAndResume(round)
    console.log(`${rounds} rounds, ${killed} holders killed: the quiet run`)
    expect(killed).toBeGreaterThan(0)
  })

  it('comes out whole when the disk was full for a moment', async () => {
    const rounds = 3
    for (let round = 0; round < rounds; round++) await fillAndResume(round)
    console.log(`${rounds} rounds of a disk that was full for a moment: the quiet run`)
  })
})
