import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { filesInMemory } from '../../test/support/files-in-memory.ts'
import { traceSample } from '../../test/support/trace-sample.ts'
import { InputError } from '../input-error.ts'
import { analyseRun } from '../report/record-study.ts'
import { columnsOf } from '../study/columns.ts'
import { readAnalysis } from './read-analysis.ts'

const samples = Array.from({ length: 60 }, (_, index) =>
  traceSample(index, 2, { correct: index % 3 === 0, meanEntropyNats: index / 60 }),
)
const analyses = {
  'one of this version': JSON.parse(JSON.stringify(analyseRun(columnsOf(samples)))),
  'one of 0.1.0': JSON.parse(
    gunzipSync(readFileSync('test/golden/run-0.1.0/analysis.json.gz')).toString('utf8'),
  ),
}
const read = (content: unknown) => readAnalysis(filesInMemory({ 'analysis.json': content }))

it.each(Object.entries(analyses))('reads %s', async (_, analysis) => {
  expect(await read(analysis)).toEqual(analysis)
  expect(await readAnalysis(filesInMemory({}))).toBeNull()
})

it.each([
  ['accuracy', 'accuracy', null],
  ['accuracy.low', 'accuracy.low', 'x'],
  ['entropyNats', 'entropyNats', []],
  ['intervals.difference', 'intervals.difference', 3],
  ['calibration.platt.reliability.0', 'calibration.platt.reliability.0.n', {}],
  ['calibration.isotonic.reliability', 'calibration.isotonic.reliability', { length: 1e9 }],
  ['warnings', 'warnings.0', [{ toString: 1 }]],
  ['coverage', 'coverage.samples', {}],
  ['grading', 'grading.tolerance', { tolerance: 'x' }],
])('refuses %s of another kind by its place', async (path, place, value) => {
  const changed = structuredClone(analyses['one of this version'])
  const names = path.split('.')
  const last = names.pop()!
  const parent = names.reduce((at, name) => at[name], changed)
  parent[last] = value
  const reading = read(changed)
  await expect(reading).rejects.toThrow(InputError)
  const found = place === 'entropyNats' ? 'entropyNats.difference' : place
  await expect(reading).rejects.toThrow(`analysis.json: ${found} is missing or of another kind`)
})

it.each([[null], [7], [[]], ['[]']])('refuses %j', async content => {
  await expect(read(content)).rejects.toThrow(/^analysis\.json: /)
})
