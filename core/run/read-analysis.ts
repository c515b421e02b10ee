import { readJson } from '../files/read-json.ts'
import { InputError } from '../input-error.ts'
import { refuseNewerFormat } from '../record/run-files.ts'
import type { Analysis } from '../study/analysis.ts'
import type { RunFiles } from './run-files.ts'

/** The path of the first value that is not as the page needs it; null where all are. */
type Check = (value: unknown, path: string) => string | null

const text: Check = (value, path) => (typeof value === 'string' ? null : path)
const number: Check = (value, path) => (Number.isFinite(value) ? null : path)
const numberOrNull: Check = (value, path) => (value === null ? null : number(value, path))

function orNothing(check: Check): Check {
  return (value, path) => (value === null || value === undefined ? null : check(value, path))
}

function listOf(check: Check): Check {
  return (value, path) =>
    Array.isArray(value) ? firstFault(value.map((each, index) => check(each, `${path}.${index}`))) : path
}

function fields(checks: Record<string, Check>): Check {
  return (value, path) => {
    if (typeof value !== 'object' || value === null) return path
    const of = value as Record<string, unknown>
    const start = path === '' ? '' : `${path}.`
    return firstFault(Object.entries(checks).map(([name, check]) => check(of[name], start + name)))
  }
}

function firstFault(faults: (string | null)[]): string | null {
  return faults.find(fault => fault !== null) ?? null
}

const interval = { low: numberOrNull, high: numberOrNull }
const fit = fields({
  reliability: listOf(fields({ n: number, predicted: number, observed: number, low: number, high: number })),
})

/** What the overview shows of an analysis; the rest of the file may be anything. */
const shown = fields({
  total: number,
  problems: number,
  errors: number,
  accuracy: fields({ value: numberOrNull, ...interval }),
  accuracyClustered: fields({ value: numberOrNull, ...interval }),
  auroc: fields({ value: numberOrNull, p: numberOrNull, ...interval }),
  aurocBootstrap: fields(interval),
  aurocPermutationP: fields({ value: numberOrNull, method: text }),
  entropyNats: fields({ difference: numberOrNull, hedgesG: numberOrNull }),
  capHitRate: numberOrNull,
  intervals: fields({ difference: orNothing(fields(interval)), capHitRate: orNothing(fields(interval)) }),
  calibration: orNothing(fields({ preferred: text, platt: orNothing(fit), isotonic: orNothing(fit) })),
  grading: orNothing(fields({ tolerance: number, correctByToleranceOnly: number })),
  coverage: orNothing(
    fields({
      samples: number,
      of: number,
      samplesPerProblem: number,
      shard: orNothing(fields({ name: text, of: number })),
      missing: fields({
        count: number,
        first: listOf(fields({ problemIndex: number, sampleIndex: number, problemId: orNothing(text) })),
      }),
    }),
  ),
  warnings: listOf(text),
})

/** The content of analysis.json; null where there is none. Throws InputError for one of a newer format, and where what the page shows of it is damaged. */
export async function readAnalysis(files: Pick<RunFiles, 'open'>): Promise<Analysis | null> {
  const source = await files.open('analysis.json')
  if (!source) return null
  const parsed: unknown = await readJson(source)
  const version = typeof parsed === 'object' && parsed !== null && 'formatVersion' in parsed
  refuseNewerFormat(source.name, version ? parsed.formatVersion : undefined)
  const fault = shown(parsed, '')
  if (fault === null) return parsed as Analysis
  throw new InputError(
    `${source.name}: ${fault === '' ? 'is no object' : `${fault} is missing or of another kind`}, expected the analysis of a run; write ` +
      'it again with entrace analyse',
  )
}
