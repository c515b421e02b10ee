import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { orNull } from './file-errors.ts'

/** A process, by what no other one shares. Where a system does not tell (boot, namespace and start are Linux's), null. */
export type ProcessIdentity = ReturnType<typeof thisIdentity>

/** A holder in a message. */
export function describeProcess(holder: ProcessIdentity | null): string {
  if (!holder) return 'another process'
  return `process ${holder.pid} on ${holder.host}${holder.jobId === null ? '' : ` (job ${holder.jobId})`}`
}

/** In which variables batch systems give the number of a job. */
const jobVariables = ['SLURM_JOB_ID', 'PBS_JOBID', 'LSB_JOBID', 'FLUX_JOB_ID', 'JOB_ID']

/** This process. */
export function thisIdentity() {
  return {
    host: hostname(),
    /** Differs each time that the machine starts. */
    bootId: orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    /** Within which a process number means something: containers have their own. */
    pidNamespace: orNull(() => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    /** In clock ticks since the machine started. */
    startTime: orNull(() => processStat(process.pid).startTime),
    /** Of the batch job, for messages. */
    jobId: jobVariables.map(name => process.env[name]).find(Boolean) ?? null,
  }
}

/** Whether a process is known to be gone; false where this process cannot tell. */
export function isGone({ bootId, pidNamespace, pid, startTime }: ProcessIdentity): boolean {
  const here = thisIdentity()
  if (bootId === null || bootId !== here.bootId) return false
  if (pidNamespace === null || pidNamespace !== here.pidNamespace || startTime === null) return false
  if (!hasProcess(pid)) return true
  // A system may hide other users' processes; one that is there and not shown may be the holder.
  const stat = orNull(() => processStat(pid))
  return stat !== null && (stat.startTime !== startTime || stat.state === 'Z' || stat.state === 'X')
}

/** State of a process, and its start in clock ticks since the boot, as Linux shows them. Throws where it does not. */
export function processStat(pid: number): { state: string; startTime: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name before may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startTime] = [fields[0], fields[19]]
  if (state === undefined || startTime === undefined) throw new Error(`/proc/${pid}/stat: has too few fields`)
  return { state, startTime }
}

/** Whether there is a process of this number, be it another user's. */
export function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** This process in words that `hasEnded` understands: its number, and where that says which process is meant. */
export function thisProcess(): string {
  return `${process.pid} on ${placeOf(thisIdentity())}`
}

/** Whether a process that named itself by `thisProcess` is known to be gone; false where this machine cannot tell. */
export function hasEnded(named: string | undefined): boolean {
  const [, pid, where] = /^(\d+) on (.*)$/.exec(named ?? '') ?? []
  if (where !== placeOf(thisIdentity())) return false
  // Within one process nothing else runs meanwhile, so its own number is of one before it.
  return Number(pid) === process.pid || !hasProcess(Number(pid))
}

/** This process as a part of a file's name that `hasTagEnded` understands. */
export function processTag(): string {
  return `${placeTag()}_${process.pid}`
}

/** Whether the process that a name beginning with its `processTag` is of is known to be gone; false where this machine cannot tell. */
export function hasTagEnded(name: string): boolean {
  const [, place, pid] = /^([0-9a-f]{12})_(\d{1,15})_/.exec(name) ?? []
  return place === placeTag() && (Number(pid) === process.pid || !hasProcess(Number(pid)))
}

function placeTag(): string {
  return createHash('sha256').update(placeOf(thisIdentity())).digest('hex').slice(0, 12)
}

/** Host, boot and, of a container, its namespace. */
function placeOf({ host, bootId, pidNamespace }: ProcessIdentity): string {
  return `${host} ${bootId ?? ''} ${pidNamespace ?? ''}`.trim()
}

/**
 * Has this process take what its parent sends. It lives as long as the channel to it, also where its parent made channels not count,
 * and not a moment longer. Nothing happens where no parent listens: a module that is merely imported does nothing.
 */
export function serveParent<Message>(take: (message: Message) => void): void {
  if (!process.send) return
  process.on('message', take)
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.channel?.ref()
}
