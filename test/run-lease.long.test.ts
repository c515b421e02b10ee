import { expect, it } from 'vitest'
import { showsProcesses } from './support/child-processes.ts'
import { describeWhere } from './support/describe-where.ts'
import { contend, fillAndResume, folderStates, killAndResume, stopAndWake } from './support/lease-rounds.ts'

const reason = 'this machine shows no processes under /proc'
const rounds = 400

describeWhere(showsProcesses, reason, `a run that several processes want, ${rounds} rounds`, () => {
  it.each(folderStates)('has exactly one holder where the folder is %s', async state => {
    expect(await contend(state, rounds, { silenceMs: 15_000 })).toBe(rounds)
    console.log(`${rounds} rounds of four processes at a folder ${state}: one winner each`)
  })

  it('comes out whole when its holder is stopped past its lease and woken', async () => {
    for (let round = 0; round < rounds; round++) await stopAndWake(round)
    console.log(`${rounds} rounds of a holder that was stopped and woken: the quiet run`)
  })

  it('comes out whole when its holders are killed', async () => {
    let killed = 0
    for (let round = 0; round < rounds; round++) killed += await killAndResume(round)
    console.log(`${rounds} rounds, ${killed} holders killed: the quiet run`)
    expect(killed).toBeGreaterThan(0)
  })

  it('comes out whole when the disk was full for a moment', async () => {
    for (let round = 0; round < rounds; round++) await fillAndResume(round)
    console.log(`${rounds} rounds of a disk that was full for a moment: the quiet run`)
  })
})
