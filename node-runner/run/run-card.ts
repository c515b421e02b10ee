import { homedir, hostname, userInfo } from 'node:os'
import { basename } from 'node:path'
import { decodingFlagsOf } from '../../core/generate/decoding.ts'
import { gradingFlagsOf, isDefaultGrading } from '../../core/grade/grading-rules.ts'
import { isModelName } from '../../core/model/model-name.ts'
import { runFiles } from '../../core/record/run-files.ts'
import { type Block, renderMarkdown, textsTable } from '../../core/report/report-document.ts'
import { count, estimate, nats, percent, withInterval } from '../../core/report/words.ts'
import { summarySection } from '../../core/report/write-report.ts'
import type { Analysis } from '../../core/study/analysis.ts'
import { isPart } from '../../core/study/coverage.ts'
import { preferredIntervals } from '../../core/study/preferred-intervals.ts'
import { mainScore } from '../../core/study/selection.ts'
import { templateArgumentTexts } from '../../core/tokenizer/template-arguments.ts'
import { lavapipeName } from '../adapter/adapter-choice.ts'
import { orNull } from '../files/file-errors.ts'
import { sha256Of } from './read-run-files.ts'
import { recordedWords } from './recorded-flags.ts'
import type { RunDescription } from './run-description.ts'
import { describeSetUp, titleOf } from './write-report.ts'

/** Name of the file in a run's folder that is its card. */
export const cardName = 'README.md'

const tables = ['summary', 'traces'] as const

/**
 * The card of a run, as the Hub has it of a data set (https://huggingface.co/docs/hub/datasets-cards): which files its tables are, in
 * YAML, then what was run and found. Models and data sets go by their names: no path, user or host is in it. Its second line has the
 * digest of all others, by which `isOwnCard` knows it.
 */
export function runCard(described: RunDescription, analysis: Analysis): string {
  const run = withPublicNames(described)
  const title = titleOf(run, analysis)
  const head = [
    `pretty_name: ${yamlText(title)}`,
    'tags:',
    ...['entrace', 'uncertainty', 'token-entropy', 'llm-evaluation'].map(tag => `- ${tag}`),
    'task_categories:',
    '- text-generation',
    'size_categories:',
    `- ${sizeCategory(analysis.total)}`,
    'configs:',
    ...tables.flatMap(table => [
      `- config_name: ${table}`,
      `  data_files: ${table}.parquet`,
      ...(table === tables[0] ? ['  default: true'] : []),
    ]),
    '---',
  ]
  const body = renderMarkdown({ title, blocks: cardBlocks(run, analysis) })
  const rest = `${head.join('\n')}\n\n${body}`
  return `---\n${markOf(rest)}\n${rest}`
}

/** Whether a card holds what was written, and nobody's changes. */
export function isOwnCard(text: string): boolean {
  const [first, mark] = text.split('\n', 2)
  return first === '---' && mark === markOf(text.slice(`${first}\n${mark}\n`.length))
}

/** A comment of YAML; the Hub's editor drops it, and whatever else changes the card makes it wrong. */
function markOf(rest: string): string {
  return `# Written by entrace, which writes it anew as long as nobody changes it: sha256 ${sha256Of(rest)}`
}

function cardBlocks(run: RunDescription, analysis: Analysis): Block[] {
  const { model, dataSet } = run
  return [
    {
      kind: 'paragraph',
      text:
        `${count(analysis.total, 'answer')} of ${model.name} to ${count(analysis.problems, 'problem')} of ${dataSet.name}, with the entropy of ` +
        'every token, as entrace recorded, graded and analysed them. The table summary has a row for each answer, and traces the ' +
        'same rows with texts and tokens; what their columns are stands in the key-value metadata of both files.',
    },
    ...summarySection(analysis),
    {
      kind: 'figures',
      figures: [{ caption: `${mainScore} and right answers`, svg: '', file: 'entropy_analysis.png' }],
    },
    { kind: 'heading', text: 'Key numbers' },
    keyNumbers(analysis),
    { kind: 'heading', text: 'What was run' },
    textsTable('Settings', ['setting', 'value'], describeSetUp(run, analysis)),
    { kind: 'heading', text: 'Made again by' },
    { kind: 'code', language: 'sh', text: commandOf(run) },
    { kind: 'paragraph', text: commandRemarks(run, analysis).join(' ') },
    { kind: 'heading', text: 'Read by' },
    {
      kind: 'code',
      language: 'python',
      text: [
        'from datasets import load_dataset',
        '',
        '# This folder, or the id that it has on the Hub.',
        ...tables.map(table => `${table} = load_dataset(".", "${table}", split="train")`),
      ].join('\n'),
    },
    { kind: 'heading', text: 'Files' },
    textsTable(
      'Files of the run',
      ['file', 'holds'],
      runFiles.map(({ names, holds }) => [names.join(', '), holds]),
    ),
  ]
}

function keyNumbers(analysis: Analysis): Block {
  const { entropyNats, intervals, calibration } = analysis
  const { accuracy, auroc } = preferredIntervals(analysis)
  const fit = calibration?.[calibration.preferred]
  const rows: string[][] = [
    [`accuracy, ${accuracy.method}`, withInterval(accuracy.value, accuracy.low, accuracy.high, percent)],
    [
      `AUROC of ${mainScore} for a wrong answer, ${auroc.method}`,
      withInterval(auroc.value, auroc.low, auroc.high),
    ],
    ...(['correct', 'incorrect'] as const).map(verdict => [
      `${mainScore} of ${verdict === 'correct' ? 'right' : 'wrong'} answers, nats, n ${entropyNats[verdict].n}`,
      estimate(entropyNats[verdict].mean, intervals[`${verdict}Mean`], nats),
    ]),
    ['answers cut at the token limit', estimate(analysis.capHitRate, intervals.capHitRate, percent)],
    [
      'answers in which none was found',
      estimate(analysis.extractionFailureRate, intervals.extractionFailureRate, percent),
    ],
  ]
  if (calibration && fit)
    rows.push([
      `Brier score of the probability of being right, by ${calibration.folds} folds of problems`,
      estimate(fit.brier, fit.intervals.brier),
    ])
  return textsTable('With 95 % intervals', ['number', 'value'], rows)
}

/** The command line that asks for a run of these settings, with the model and the data set by their names. */
export function commandOf(run: RunDescription): string {
  const { model, dataSet, prompt, decoding, adapters } = run
  const at = ({ name, revision }: { name: string; revision?: string | null }) =>
    revision ? `${name}@${revision}` : name
  const flag = (name: string, value: string | number | null | undefined, unless: unknown = null) =>
    value === null || value === undefined || value === unless ? [] : [`--${name}`, shellText(String(value))]
  const words = [
    ['--model', shellText(model.revision === null && model.file ? basename(model.file) : at(model))],
    ['--dataset', shellText(at(dataSet))],
    flag('config', dataSet.config, ''),
    flag('split', dataSet.split),
    flag('limit', run.limit, dataSet.problems),
    prompt.raw ? [] : flag('prompt-style', prompt.style),
    flag('few-shot', prompt.fewShot, 0),
    flag('system-prompt', prompt.systemPrompt),
    ...templateArgumentTexts(prompt.templateArguments ?? {}).map(text => flag('template-arg', text)),
    flag('max-new-tokens', decoding.maxNewTokens),
    // What ended answers is said in full, since the model's own tokens may be found otherwise elsewhere.
    ['--ignore-eos', ...decoding.stopIds.toSorted((a, b) => a - b).flatMap(id => flag('stop-token', id))],
    ...(decoding.stopTexts ?? []).map(text => flag('stop', text)),
    ...decodingFlagsOf(decoding).map(words => [words]),
    ...recordedWords(run),
    cpuAdapterWords(adapters),
    // Random weights are of no number format.
    model.dtypes.length === 0 ? ['--load-format', 'dummy'] : [],
    run.unsafeFast ? ['--unsafe-fast'] : [],
    isDefaultGrading(run.grading) ? [] : [gradingFlagsOf(run.grading)],
    flag('shard', run.shard),
    ['--out', 'run'],
  ]
  return `entrace eval ${words
    .map(word => word.join(' '))
    .filter(Boolean)
    .join(' \\\n  ')}`
}

/** The flag that asks for the CPU adapter that a run had: bits hang on it. */
function cpuAdapterWords(adapters: RunDescription['adapters']): string[] {
  if (adapters.length === 0 || adapters.some(({ kind }) => kind !== 'cpu')) return []
  return ['--adapter', adapters.every(({ name }) => name.includes(lavapipeName)) ? lavapipeName : 'cpu']
}

function commandRemarks({ model, dataSet, prompt, merged }: RunDescription, analysis: Analysis): string[] {
  const local = [
    model.revision === null &&
      (model.file
        ? `${basename(model.file)} is the name of a file (say where it lies)`
        : `${model.name} is the name of a folder (say where it lies) or of a published config`),
    dataSet.revision === null && `${dataSet.name} is the name of a file (say where it lies)`,
  ].filter(text => text !== false)
  return [
    local.length > 0 && `${local.join(', and ')}: what has the same digest is the same, wherever it lies.`,
    prompt.fewShot > 0 &&
      'The worked examples may have been of a file of their own: then say which with --few-shot-file; their digest is that of the prompt.',
    (merged || isPart(analysis.coverage)) &&
      'Without --shard it asks for the whole run, of which the samples here may be a part.',
    'The same versions and adapters give the same bits, and other adapters others.',
  ].filter(text => text !== false)
}

/** The run with names that say nothing of where and whose its model and data set were. */
function withPublicNames(run: RunDescription): RunDescription {
  return {
    ...run,
    model: { ...run.model, name: publicName(run.model, 'model') },
    dataSet: { ...run.dataSet, name: publicName(run.dataSet, 'dataset') },
  }
}

/** An id of the Hub as it is; else what comes last in a path, unless that is a person's or this machine's name. */
function publicName({ name, revision }: { name: string; revision?: string | null }, otherwise: string) {
  if (revision && isModelName(name)) return name
  const last = name.split(/[\\/]/).filter(Boolean).at(-1) ?? ''
  // An account may have no entry in the system's list, as in a container.
  const privateNames = [basename(homedir()), hostname(), orNull(() => userInfo().username)]
  return /^\.*$/.test(last) || privateNames.includes(last) ? otherwise : last
}

/** The Hub's names for how many rows there are. */
function sizeCategory(rows: number): string {
  const names = ['n<1K', '1K<n<10K', '10K<n<100K', '100K<n<1M', '1M<n<10M', '10M<n<100M']
  return names.find((_, index) => rows < 1000 * 10 ** index) ?? 'n>100M'
}

/**
 * A text as a scalar of YAML 1.1 and 1.2 that holds nothing else: in double quotes, with all but plain characters escaped, since
 * controls and line ends of Unicode are read differently, and with what begins a tag. Half a surrogate pair, which YAML cannot carry, becomes U+FFFD.
 */
export function yamlText(text: string): string {
  const escaped = text.toWellFormed().replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]|["\\<]/gu, character => {
    const code = character.codePointAt(0)!.toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })
  return `"${escaped}"`
}

/** A word of a shell's command line; controls, and what begins a tag, in the form that bash, zsh and others have for them. */
export function shellText(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  if (!/[\p{C}<]/u.test(text)) return `'${text.replaceAll("'", "'\\''")}'`
  const escaped = text.toWellFormed().replaceAll(/[\\'<\p{C}]/gu, character => {
    if (character === '\\' || character === "'") return `\\${character}`
    return Array.from(Buffer.from(character), byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
  })
  return `$'${escaped}'`
}
