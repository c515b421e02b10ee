import { formatSignificant as significant } from '../../core/format-number.ts'
import type { HostCost, HostCostReport } from '../measure/host-cost.ts'
import type { ModelSpeed, RecordCost, SequenceSpeed } from '../measure/model-speed.ts'
import type { Spread } from '../measure/timing.ts'
import { type Column, renderTable, rowsOf } from '../terminal/report.ts'

const quartiles = ({ lowerQuartileMs, upperQuartileMs }: Spread) =>
  `${significant(lowerQuartileMs)}–${significant(upperQuartileMs)}`
const percent = (part: number) => `${significant(100 * part)} %`

const hostColumns: Column<HostCost>[] = [
  ['rows', ({ rows }) => String(rows)],
  ['step ms', ({ step }) => significant(step.medianMs)],
  ['quartiles ms', ({ step }) => quartiles(step)],
  ['Dawn alone ms', ({ dawn }) => significant(dawn.medianMs)],
  ['quartiles ms', ({ dawn }) => quartiles(dawn)],
  ['ratio', ({ ratio }) => significant(ratio)],
  ['dispatches', ({ dispatches }) => String(dispatches)],
  ['submits', ({ submits }) => String(submits)],
  ['synchronisations', ({ synchronisations }) => String(synchronisations)],
  ['uploaded bytes', ({ uploadedBytes }) => String(uploadedBytes)],
]

/** What a decode step costs the host, as a table for a terminal. */
export function renderHostCost({
  layers,
  heads,
  keyValueHeads,
  promptTokens,
  costs,
}: HostCostReport): string {
  const [first] = costs
  return [
    `Host's cost of a decode step, on Dawn's adapter that computes nothing: ${layers} layers, ${heads} query heads over`,
    `${keyValueHeads} key-value heads as Qwen2.5-7B, ${promptTokens} tokens and more in the cache. "Dawn alone" is the same calls of a step`,
    'in a bare loop, in turn with the steps.',
    '',
    renderTable(rowsOf(hostColumns, costs), 0),
    ...costs
      .slice(1)
      .map(
        ({ rows, step }) =>
          `\n${rows} rows take ${significant(step.medianMs / first!.step.medianMs)} times what ${first!.rows} takes.`,
      ),
  ].join('\n')
}

const speedColumns: Column<SequenceSpeed>[] = [
  ['at once', ({ sequences }) => String(sequences)],
  ['first token ms', ({ firstToken }) => significant(firstToken.medianMs)],
  ['quartiles ms', ({ firstToken }) => quartiles(firstToken)],
  ['between tokens ms', ({ betweenTokens }) => significant(betweenTokens.medianMs)],
  ['quartiles ms', ({ betweenTokens }) => quartiles(betweenTokens)],
  ['tokens/s', ({ tokensPerSecond }) => significant(tokensPerSecond)],
]

const countColumns: Column<SequenceSpeed>[] = [
  ['at once', ({ sequences }) => String(sequences)],
  ['dispatches', ({ perToken }) => significant(perToken.dispatches)],
  ['submits', ({ perToken }) => significant(perToken.submits)],
  ['synchronisations', ({ perToken }) => significant(perToken.synchronisations)],
  ['MB moved', ({ perToken }) => significant(perToken.movedBytes / 1e6)],
  ['bytes up', ({ perToken }) => significant(perToken.uploadedBytes)],
  ['bytes down', ({ perToken }) => significant(perToken.downloadedBytes)],
]

const recordColumns: Column<RecordCost>[] = [
  ['at once', ({ rows }) => String(rows)],
  ['record ms', ({ recordMs }) => significant(recordMs)],
  ['argmax ms', ({ argmaxMs }) => significant(argmaxMs)],
  ['more of a step', ({ share }) => percent(share)],
]

/** A model's speed as tables for a terminal. */
export function renderModelSpeed(report: ModelSpeed): string {
  const { model, weightTypes, adapter, promptTokens, newTokens, startUp, speeds, records } = report
  const seconds = (ms: number) => `${significant(ms / 1000)} s`
  const { readMs, uploadMs, compileMs, totalMs, firstStepMs } = startUp
  return [
    `${model} (${weightTypes}) on ${adapter}; prompts of ${promptTokens} tokens, ${newTokens} steps timed after them`,
    '',
    `Start: ${seconds(totalMs)}, of which reading ${seconds(readMs)}, upload ${seconds(uploadMs)}, and beside both compiling ${seconds(compileMs)};` +
      ` the first step then ${seconds(firstStepMs)}`,
    '',
    'Time',
    renderTable(rowsOf(speedColumns, speeds), 0),
    '',
    'A decoded token takes',
    renderTable(rowsOf(countColumns, speeds), 0),
    '',
    'Entropy, varentropy and the largest logits of a token beside its argmax alone',
    renderTable(rowsOf(recordColumns, records), 0),
  ].join('\n')
}
