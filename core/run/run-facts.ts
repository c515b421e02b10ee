import { type GradingRules, readGradingRules } from '../grade/grading-rules.ts'
import { InputError } from '../input-error.ts'
import { refuseNewerFormat } from '../record/run-files.ts'
import { type AskedSamples, askedCount, statedProblemIds } from '../study/coverage.ts'

/** What the viewer reads of `run.json`. What an older or another writer left out is null. */
export interface RunFacts {
  model: string | null
  /** Its commit on the Hub. */
  modelRevision: string | null
  /** Of the weights, 64 hexadecimal digits. */
  weightDigest: string | null
  dtypes: string | null
  dataSet: string | null
  problems: number | null
  decoding: Record<string, unknown>
  /** Whether its prompts are in no chat template. */
  isRaw: boolean
  /** By which rules the run is graded. */
  grading: GradingRules
  mesh: { tp: number; dp: number } | null
  /** Names of the adapters, each once. */
  adapters: string[]
  /** Versions of what made the run, by name. */
  versions: Record<string, string>
  /** What the run was asked for; null where it does not say. */
  asked: AskedSamples | null
  /** Samples that the run, or the shard of one that this is, has when it is finished; null where it does not say. */
  expectedSamples: number | null
}

/** Reads a parsed `run.json`. Throws InputError when it is of a newer format or not a run's. */
export function readRunFacts(where: string, parsed: unknown): RunFacts {
  const run = recordOf(parsed)
  refuseNewerFormat(where, run['formatVersion'])
  const model = recordOf(run['model'])
  const dataSet = recordOf(run['dataSet'])
  if (model['name'] === undefined || dataSet['name'] === undefined)
    throw new InputError(
      `${where}: has no model and dataSet, expected the description of a run; check the path`,
    )
  const decoding = recordOf(run['decoding'])
  const mesh = recordOf(run['mesh'])
  const limit = numberOf(run['limit'])
  const samples = numberOf(decoding['samples']) ?? 1
  const shard = textOf(run['shard'])
  const problemIds = statedProblemIds(run['problemIds'])
  const asked = limit === null ? null : { limit, samples, shard, problemIds }
  const adapters = Array.isArray(run['adapters']) ? run['adapters'] : []
  return {
    model: textOf(model['name']),
    modelRevision: textOf(model['revision']),
    weightDigest: textOf(model['weightDigest']),
    dtypes: Array.isArray(model['dtypes']) ? model['dtypes'].map(shownText).join(', ') : null,
    dataSet: textOf(dataSet['name']),
    problems: numberOf(dataSet['problems']),
    decoding,
    isRaw: recordOf(run['prompt'])['raw'] === true,
    grading: readGradingRules(where, run['grading']),
    mesh: { tp: numberOf(mesh['tp']) ?? 1, dp: numberOf(mesh['dp']) ?? 1 },
    adapters: [...new Set(adapters.flatMap(adapter => textOf(recordOf(adapter)['name']) ?? []))],
    versions: Object.fromEntries(
      Object.entries(recordOf(run['versions'])).map(([name, version]) => [name, shownText(version)]),
    ),
    asked,
    expectedSamples: asked && askedCount(asked),
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** What no text was expected of may hold anything. */
function shownText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
