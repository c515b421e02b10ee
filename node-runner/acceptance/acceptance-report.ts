import { InputError } from '../../core/input-error.ts'
import { assume, hardwareOf } from '../../core/model/cost-model.ts'
import { formatVersion } from '../../core/record/run-files.ts'
import { passes } from '../../kernels/gpu/check.ts'
import { NoAdapterError } from '../adapter/adapter-choice.ts'
import { doctorReport } from '../measure/doctor-report.ts'
import type { AdapterMeasurement } from '../measure/measure-adapter.ts'
import { measuredHardware, runMeasurement } from '../measure/run-measurement.ts'
import { measureAgreement, measureSpeed, rankBytes, type SpeedMeasurement } from './acceptance-checks.ts'
import type { AcceptanceRequest } from './acceptance-request.ts'

/** One thing that must hold. */
export interface AcceptanceCheck {
  name: string
  passed: boolean
  /** What was found, in a sentence. */
  found: string
  /** Where to look when it failed. */
  lookAt: string
}

/** What `entrace acceptance` writes and prints. A part that could not be had is null, and its check says why. */
export type AcceptanceReport = Awaited<ReturnType<typeof acceptanceReport>>

/** Elements of a message of 14 KB: a row of Qwen2.5-7B's residual stream. */
const commonWidth = 3584

/** Checks and measures everything. A part that fails is a failed check; NoAdapterError and InputError are thrown. */
export async function acceptanceReport(request: AcceptanceRequest) {
  const { model, loadFormat, weightTypes, tp, bounds, adapter, config, say } = request
  const checks: AcceptanceCheck[] = []
  const check = checker(checks, request.signal)

  say('adapters')
  const adapters = await doctorReport(adapter, tp)
  if (adapters.ranks.length === 0) {
    const [finding] = adapters.findings
    throw new NoAdapterError(`${finding?.problem}. ${finding?.remedy}`)
  }
  await check('adapters', 'the findings of "entrace doctor"', async () => {
    const names = new Set(adapters.ranks.map(rank => rank.adapter))
    const closed = adapters.ranks.filter(({ opens }) => !opens).length
    return [
      adapters,
      closed === 0,
      `ranks: ${tp}, adapters: ${names.size}; ${closed === 0 ? 'each opens' : `${closed} do not open`} a device`,
    ]
  })

  say('kernels against their references')
  const kernels = await check(
    'kernels',
    'the cases under Kernels in the report: a newer driver, then the shader',
    async () => {
      const found = await runMeasurement<'kernels'>(
        { kind: 'kernels', adapter, ranks: tp, seconds: request.seconds },
        request.seconds * 1000,
      )
      const results = found.flatMap(report => report.results)
      const wrong = results.filter(result => !passes(result)).length
      const cases = found.reduce((sum, report) => sum + report.cases, 0)
      return [found, wrong === 0, `${results.length} of ${cases} cases run, ${wrong} wrong`]
    },
  )

  const compared = await check('tokens', 'the kernels first, then the exchange between ranks', async () => {
    const found = await measureAgreement(request)
    const { baselineTp, tokens, wrongTokens, closeCalls } = found.comparison
    const against = `tp ${tp} against tp ${baselineTp}`
    const text = `${against}: ${wrongTokens} of ${tokens} tokens differ above a margin of ${bounds.margin}, ${closeCalls} below`
    return [found, wrongTokens === 0 && tokens > 0, text]
  })
  if (compared)
    await check('entropies', 'the kernels first, then the order in which ranks are summed', async () => {
      const { largestEntropyDifferenceNats: largest, baselineTp } = compared.comparison
      // Two runs of one mesh have the same bits.
      const allowed = baselineTp === tp ? 0 : bounds.entropyNats
      const text = `largest difference ${largest.toExponential(1)} nats, allowed ${allowed}`
      return [null, largest <= allowed, text]
    })

  const memory = compared
    ? await check('memory', '"entrace plan --tp": what each rank should hold', async () => {
        const room = { sequences: request.prompts.length, contextTokens: compared.capacity }
        const ranks = rankBytes(request, compared.run.loaded, room)
        const off = ranks.filter(({ holds }) => !holds).length
        return [ranks, off === 0, `${off} of ${tp} ranks hold other than planned`]
      })
    : null

  say('all-reduces')
  const exchange = await check(
    'all-reduce',
    'the latency of this machine: cores for every rank, PCIe',
    async () => {
      const widths = [...new Set([commonWidth, config.hiddenSize])]
      const found = await runMeasurement<'exchange'>({ kind: 'exchange', adapter, ranks: tp, widths })
      const counted = found.every(({ submits, synchronisations }) => submits === 1 && synchronisations === 1)
      return [found, counted, `${counted ? '' : 'not '}one submit and one map a rank for each`]
    },
  )

  say('the adapter')
  const speeds: SpeedMeasurement[] = []
  let adapterSpeed = null as AdapterMeasurement | null
  await check('speed', 'the bottleneck that "entrace plan" names', async () => {
    adapterSpeed = await runMeasurement<'adapter'>({ kind: 'adapter', adapter, ranks: 1 })
    if (!exchange) throw new Error('no all-reduce was measured, so that nothing can be predicted')
    const ofModel = exchange.find(({ elements }) => elements === config.hiddenSize)!
    const hardware = hardwareOf(assume(measuredHardware(adapterSpeed, ofModel)))
    for (const concurrency of new Set([1, request.concurrency]))
      speeds.push(await measureSpeed(request, concurrency, hardware))
    const found = speeds.map(speed => `${speed.tokensPerSecond.toFixed(1)} tokens/s at ${speed.concurrency}`)
    return [speeds, speeds.every(({ tokensPerSecond }) => tokensPerSecond > 0), found.join(', ')]
  })

  return {
    formatVersion,
    model,
    loadFormat,
    dtype: weightTypes.names,
    tp,
    bounds,
    passed: checks.every(({ passed }) => passed),
    checks,
    adapters,
    kernels,
    comparison: compared?.comparison ?? null,
    memory,
    exchange,
    adapterSpeed,
    speed: speeds.length > 0 ? speeds : null,
  }
}

/** Adds a check to the list, failed where its work throws; gives what the work made, or null. */
function checker(checks: AcceptanceCheck[], signal: AbortSignal) {
  return async <T>(
    name: string,
    lookAt: string,
    work: () => Promise<[T, boolean, string]>,
  ): Promise<T | null> => {
    try {
      const [value, passed, found] = await work()
      checks.push({ name, passed, found, lookAt })
      return value
    } catch (error) {
      if (signal.aborted || error instanceof NoAdapterError || error instanceof InputError) throw error
      checks.push({ name, passed: false, found: (error as Error).message, lookAt })
      return null
    }
  }
}
