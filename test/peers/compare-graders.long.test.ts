import { readFileSync, writeFileSync } from 'node:fs'
import { quantileSorted } from 'd3'
import { afterAll, expect, test } from 'vitest'
import { gradeAnswer } from '../../core/grade/grade-answer.ts'
import { wholeAnswerPairs } from '../grading/labelled-pairs.ts'
import { openPeer, type PeerGrader, peers } from './peer-grader.ts'
import { peerPackages } from './peer-packages.ts'

/** What one grader made of one set of pairs. */
interface Score {
  right: number
  falseEqual: number
  missed: number
  /** Of each pair, ascending. */
  ms: number[]
}

const sets = [
  ['hard-answer-pairs', 'pairs that were hard once'],
  ['answer-pairs', 'values in boxes'],
  ['held-out-answer-pairs', 'whole answers'],
  ['fresh-answer-pairs', 'whole answers, fresh'],
] as const
const page = new URL('../../docs/grading.md', import.meta.url)
const graders: [name: string, PeerGrader['grade']][] = [
  [
    'Entrace',
    async (answer, expected) => {
      const start = performance.now()
      const { equal } = gradeAnswer(answer, expected)
      return { equal, ms: performance.now() - start }
    },
  ],
]
const opened: PeerGrader[] = []
afterAll(async () => {
  for (const peer of opened) peer.close()
})

test('our grader leads its peers on every set of pairs, in every column', async ({ skip }) => {
  const packages = peerPackages('graders.txt')
  if ('missing' in packages) {
    console.log(`no comparison with other graders: ${packages.missing}`)
    return skip(packages.missing)
  }
  for (const name of Object.keys(peers) as (keyof typeof peers)[]) {
    const peer = await openPeer(name, packages)
    opened.push(peer)
    graders.push([peers[name], peer.grade])
  }
  gradeAnswer('\\boxed{\\frac12}', '0.5')
  const results: { set: string; pairs: number; scores: Score[] }[] = []
  for (const [name, set] of sets) {
    const pairs = wholeAnswerPairs(name)
    const scores = graders.map((): Score => ({ right: 0, falseEqual: 0, missed: 0, ms: [] }))
    for (const [number, { answer, expected, equal }] of pairs.entries()) {
      // Each goes first as often as the others, so that what else the machine does falls on all alike.
      for (let turn = 0; turn < graders.length; turn++) {
        const index = (number + turn) % graders.length
        const [grader, gradeBy] = graders[index]!
        const score = scores[index]!
        const found = await gradeBy(answer, expected)
        score.ms.push(found.ms)
        if (found.equal === equal) score.right++
        else if (found.equal) score.falseEqual++
        else score.missed++
        if (found.equal !== equal && process.env.ENTRACE_SHOW_WRONG !== undefined)
          console.log(
            `${grader}: ${found.equal ? 'false equal' : 'missed'}: ${JSON.stringify([answer, expected])}`,
          )
      }
    }
    for (const { ms } of scores) ms.sort((a, b) => a - b)
    results.push({ set, pairs: pairs.length, scores })
  }
  const table = tableOf(results)
  console.log(table)
  if (process.env.ENTRACE_UPDATE_TABLES !== undefined) {
    const measured = `Measured on ${new Date().toISOString().slice(0, 10)} with Node ${process.version.slice(1)}.`
    const between = /(?<=<!-- graders -->\n).*(?=<!-- end of graders -->)/s
    writeFileSync(page, readFileSync(page, 'utf8').replace(between, `\n${table}\n\n${measured}\n\n`))
  }
  for (const { set, scores } of results) {
    const [ours, ...others] = scores
    for (const [index, other] of others.entries()) {
      const beside = `${set}, beside ${graders[index + 1]![0]}`
      expect.soft(ours!.right, `right: ${beside}`).toBeGreaterThanOrEqual(other.right)
      expect.soft(ours!.falseEqual, `false equal: ${beside}`).toBeLessThanOrEqual(other.falseEqual)
      expect.soft(ours!.missed, `missed: ${beside}`).toBeLessThanOrEqual(other.missed)
      expect.soft(medianOf(ours!), `median ms: ${beside}`).toBeLessThanOrEqual(medianOf(other))
    }
  }
})

const medianOf = ({ ms }: Score) => quantileSorted(ms, 0.5)!

/** A Markdown table of all sets and graders; times last, as they are this machine's. */
function tableOf(results: { set: string; pairs: number; scores: Score[] }[]): string {
  const lines = [
    '| pairs | grader | right | false equal | missed | ms a pair | middle half | slowest | times ours |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ]
  const number = (value: number) => (value < 100 ? value.toPrecision(2) : value.toFixed(0))
  for (const { set, pairs, scores } of results)
    for (const [index, score] of scores.entries()) {
      const quantile = (share: number) => number(quantileSorted(score.ms, share)!)
      const cells = [
        index === 0 ? `${pairs} ${set}` : '',
        graders[index]![0],
        score.right,
        score.falseEqual,
        score.missed,
        quantile(0.5),
        `${quantile(0.25)} to ${quantile(0.75)}`,
        quantile(1),
        number(medianOf(score) / medianOf(scores[0]!)),
      ]
      lines.push(`| ${cells.join(' | ')} |`)
    }
  return lines.join('\n')
}
