import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import {
  neededCapacity,
  pTrueIds,
  pTrueOf,
  recordSample,
  type SampleTask,
} from '../../core/evaluate/samples.ts'
import { answerText, describeStops } from '../../core/generate/answer-end.ts'
import {
  defaultGradingRules,
  type GradingRules,
  gradingDifferences,
  withAskedRules,
} from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { choiceToResume, NoAdapterError } from '../adapter/adapter-choice.ts'
import { createEngineProgress, type EngineListener, superviseEngine } from '../engine/supervise-engine.ts'
import { makeFolder } from '../files/folders.ts'
import { openModel } from '../models/open-model.ts'
import { Journal } from '../run/journal.ts'
import { gradeAll } from '../run/run-columns.ts'
import {
  checkSameSettings,
  checkSameShard,
  claimRunFolder,
  describeRun,
  type RunDescription,
  readRunDescription,
  uncheckedFiles,
} from '../run/run-description.ts'
import { LeaseLostError, type RunLease, takeLease } from '../run/run-lease.ts'
import { printResults } from '../run/summarise-run.ts'
import { writeResults } from '../run/write-results.ts'
import { interruptSignal } from '../terminal/end-signals.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'
import { describeDataSet, type EvalFlags, type PlannedRun, planRun, showPrompt } from './plan-evaluation.ts'
import { checkMesh, engineJob, leaseOptionsOf } from './run-flags.ts'

/**
 * The main job. Returns the exit code: 0 done, 1 every sample failed, 130 interrupted. Throws InputError before anything
 * is started; any later error leaves what was finished in the journal, and the same call goes on from there.
 */
export async function runEvaluation(flags: EvalFlags): Promise<number> {
  const progress = createProgress(flags.quiet)
  if (flags.showPrompt) return showPrompt(flags, progress)
  const folder = await openModel(flags.model, flags.loadFormat, progress)
  try {
    checkMesh(flags, folder.config)
    const run = await planRun(flags, folder, progress)
    const options = leaseOptionsOf(flags)
    makeFolder(flags.out)
    const lease = await takeLease(flags.out, options)
    try {
      return await resumeRun(run, lease, progress)
    } finally {
      lease.release()
    }
  } finally {
    await folder.close()
  }
}

/** Goes on with a run from where its folder stands, and finishes it. */
async function resumeRun(planned: PlannedRun, lease: RunLease, progress: Progress): Promise<number> {
  const { flags } = planned
  const descriptionPath = join(flags.out, 'run.json')
  const before = readRunDescription(descriptionPath)
  if (before) {
    // What only the loaded model tells is checked again when it is loaded.
    const { adapters, model } = before
    checkSameSettings(descriptionPath, before, {
      ...planned.settings,
      adapters,
      model: { ...planned.settings.model, weightDigest: model.weightDigest },
    })
    checkSameShard(descriptionPath, before, planned.shard)
  }
  const grading = withAskedRules(before?.grading ?? defaultGradingRules, flags)
  const changes = before ? gradingDifferences(before.grading, grading) : []
  if (changes.length > 0)
    progress.say(
      `the run was graded by other rules before (${changes.join(', ')}): in the end all samples are graded by the new ones`,
    )
  const journal = new Journal(join(flags.out, 'samples.jsonl'), 'append', lease)
  try {
    if (!before && journal.size > 0)
      throw new InputError(
        `${flags.out}: holds ${journal.size} finished samples in samples.jsonl, but no run.json that says of which run; ` +
          'restore run.json, or use another --out',
      )
    const run = before ? continueRun(planned, before, journal, progress) : planned
    const held: HeldRun = { run, grading, journal, lease, progress }
    for (const line of describeDataSet(run.dataSet, run.tasks[0]!.problem)) progress.say(line)
    const pending = run.tasks.filter(task => !journal.has(task))
    const kept = run.tasks.length - pending.length
    if (kept > 0) progress.say(`${kept} of ${run.tasks.length} samples are finished already`)
    if (pending.length > 0 || !before) {
      progress.say(describeStops(run.answering.stops))
      const finished = await answer(held, pending)
      if (!finished) {
        const size = run.tasks.filter(task => journal.has(task)).length
        progress.say(
          `interrupted: ${size} of ${run.tasks.length} samples are kept in ${flags.out}; the same command resumes`,
        )
        return 130
      }
    }
    // A signal that has come meanwhile is answered here: results are written in one go.
    await setImmediate()
    journal.join()
    return await finishRun(held, before !== null)
  } finally {
    journal.close()
  }
}

/**
 * The run as it goes on from what a folder holds, on the adapter that it was begun on: what is known of the finished samples stays known of it. Where they are of
 * 0.1.0, which did not record the model's files, their prompts are compared instead. Throws InputError where one differs.
 */
function continueRun(run: PlannedRun, before: RunDescription, journal: Journal, progress: Progress) {
  if (journal.size === 0) return run
  const unchecked = uncheckedFiles([before, run.settings])
  if (before.model.files === undefined) {
    checkSamePrompts(run, journal)
    progress.say(
      `run.json is of ${before.versions.entrace}, which did not record ${unchecked.join(', ')}: whether the ${journal.size} finished samples ` +
        'were made with the same ones could not be checked. All else that it recorded agrees, the prompts of these samples included',
    )
  }
  const past = { ...(unchecked.length > 0 && { unchecked }), ...(before.mixed && { mixed: before.mixed }) }
  const begunOn = before.adapters.map(({ name }) => name)
  const flags = { ...run.flags, adapter: choiceToResume(run.flags.adapter, begunOn) }
  if (flags.adapter !== run.flags.adapter)
    progress.say(`the run was begun on ${begunOn[0]} and goes on there: bits hang on the adapter`)
  return { ...run, flags, settings: { ...run.settings, ...past } }
}

/** Throws InputError where a finished sample was asked with another prompt, or with as many tokens as that would not have. */
function checkSamePrompts({ flags, tasks }: PlannedRun, journal: Journal): void {
  const taskOfName = new Map(tasks.map(task => [`${task.problemIndex} ${task.sampleIndex}`, task]))
  for (const { record } of journal.entries()) {
    const task = taskOfName.get(`${record.problemIndex} ${record.sampleIndex}`)
    if (!task || (task.prompt === record.prompt && task.promptIds.length === record.promptTokens)) continue
    const what =
      task.prompt === record.prompt
        ? `${record.promptTokens} tokens of prompt, which this version encodes as ${task.promptIds.length}`
        : 'another prompt than this version makes'
    throw new InputError(
      `${flags.out}: the finished answer ${record.sampleIndex} to problem ${record.problemId} has ${what}, so the run would not be resumed ` +
        'but mixed; use another --out',
    )
  }
}

/** A run whose folder this process holds. */
interface HeldRun {
  run: PlannedRun
  grading: GradingRules
  journal: Journal
  lease: RunLease
  progress: Progress
}

/** Has the pending tasks answered into the journal. Returns false when interrupted. */
async function answer(held: HeldRun, pending: SampleTask[]): Promise<boolean> {
  const { run, grading, journal, lease, progress } = held
  const { flags, folder, tokenizer, settings, answering } = run
  const { decoding, stops, stopIds, maxNewTokens } = answering
  const { dp } = settings.mesh
  const atOnce = Math.min(Math.floor(flags.maxConcurrent / decoding.numBeams), pending.length)
  const job = engineJob(flags, folder, answering, {
    sequences: Math.max(1, Math.ceil(atOnce / dp)),
    capacity: neededCapacity(run.tasks, maxNewTokens, folder.config.maxPositionEmbeddings),
    dp,
  })
  const watchIds = flags.pTrue ? pTrueIds(tokenizer) : []
  const ended = new Set(stopIds)
  const answerTokenizer = {
    ...tokenizer,
    decode: (ids: readonly number[]) => answerText(tokenizer.decode, ids, ended, stops.texts),
  }
  const taskOfKey = new Map(pending.map(task => [task.key, task]))
  const display = createEngineProgress(progress, 'answering', pending.length)
  const interrupt = interruptSignal()
  const listener: EngineListener = {
    ...display,
    onLoaded(loaded) {
      const adapters = loaded.adapters.map(({ kind }, rank) => ({ name: loaded.adapterNames[rank]!, kind }))
      const model = { ...settings.model, weightDigest: loaded.weightDigest }
      const description = describeRun({ ...settings, adapters, model }, run.limit, run.shard, grading)
      lease.check()
      claimRunFolder(join(flags.out, 'run.json'), { ...description, problemIds: run.problemIds })
      display.onLoaded(loaded)
    },
    onAnswer({ key, generation }) {
      for (const token of [...generation.tokens, ...(generation.prompt ?? [])])
        token.text = tokenizer.tokenText(token.id)
      const sample = recordSample(taskOfKey.get(key)!, generation, answerTokenizer, grading)
      journal.append(flags.pTrue ? { ...sample, ...pTrueOf(generation) } : sample)
      display.onAnswer()
    },
  }
  try {
    const signal = AbortSignal.any([interrupt.signal, lease.lost])
    const isFinished = await superviseEngine({ ...job, watchIds }, pending, listener, { signal })
    lease.check()
    return isFinished
  } catch (error) {
    if (error instanceof InputError || error instanceof NoAdapterError || error instanceof LeaseLostError)
      throw error
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}. ${journal.size} of ${run.tasks.length} samples are kept ` +
        `in ${flags.out}; the same command resumes`,
      { cause: error },
    )
  } finally {
    display.end()
    interrupt.release()
  }
}

/**
 * Analyses and draws, prints the summary and returns the exit code. Samples of an earlier call are graded again with the others,
 * since they may have been graded by other rules, or by another version.
 */
async function finishRun(
  { run: { flags, limit, problemIds }, grading, journal, lease }: HeldRun,
  isResumed: boolean,
): Promise<number> {
  lease.check()
  const descriptionPath = join(flags.out, 'run.json')
  const description = readRunDescription(descriptionPath)
  if (!description) throw new Error(`${descriptionPath}: has gone; run the same command again`)
  // A run that was longer before keeps its samples; every file of it says what this call asked for.
  const run = { ...description, limit, problemIds, grading }
  claimRunFolder(descriptionPath, run)
  const recorded = () => journal.records(limit)
  const graded = isResumed ? gradeAll(recorded, grading) : recorded
  const results = writeResults(flags.out, run, graded(), {
    journalBytes: journal.byteLength,
    check: () => lease.check(),
  })
  printResults(results, flags)
  if (results.analysis.errors < results.analysis.total) return 0
  const [first] = journal.records(limit)
  console.error(`entrace: every sample failed; the first: ${first?.error ?? 'unknown'}`)
  return 1
}
