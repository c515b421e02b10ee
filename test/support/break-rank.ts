// Preloaded into the processes of a run (NODE_OPTIONS): breaks one rank of its engine as the file that
// ENTRACE_TEST_FAULT names says, once, through what the rank's own device or process really does.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { isMainThread, workerData } from 'node:worker_threads'
import { globals } from 'webgpu'

/** Dawn's classes, whose methods are replaced. */
const { GPUDevice, GPUQueue } = globals as Record<'GPUDevice', { prototype: GPUDevice }> &
  Record<'GPUQueue', { prototype: GPUQueue }>

/** What breaks a rank: its process dies, its code throws or never returns, its device is lost or has no memory left. */
export type FaultKind = 'kill' | 'throw' | 'hang' | 'lose' | 'exhaust'

/** Which rank breaks how, and when: at so many submits while it answers, or so many buffers while it loads. */
export interface Fault {
  kind: FaultKind
  rank: number
  at: { submits: number } | { buffers: number }
}

/** More than an address space of so little room holds; less than what an adapter refuses by itself. */
const hugeBytes = 2 ** 30 - 16
const roomBytes = 2 ** 28

const path = process.env['ENTRACE_TEST_FAULT']
if (path && !isMainThread && workerData?.job) breakRank(path, workerData.rank)

function breakRank(path: string, rank: number): void {
  const fault = readFault(path)
  if (fault?.rank !== rank) return
  const { createBuffer } = GPUDevice.prototype
  const { submit } = GPUQueue.prototype
  let device: GPUDevice | null = null
  let buffers = 0
  let submits = 0
  GPUDevice.prototype.createBuffer = function (this: GPUDevice, asked: GPUBufferDescriptor) {
    device = this
    buffers++
    if (!('buffers' in fault.at) || buffers !== fault.at.buffers) return createBuffer.call(this, asked)
    if (fault.kind !== 'exhaust') strike(fault, path, this)
    else {
      rmSync(path)
      leaveNoRoom()
    }
    return createBuffer.call(this, fault.kind === 'exhaust' ? { ...asked, size: hugeBytes } : asked)
  }
  GPUQueue.prototype.submit = function (this: GPUQueue, recorded: Iterable<GPUCommandBuffer>) {
    submits++
    const result = submit.call(this, recorded)
    if ('submits' in fault.at && submits === fault.at.submits && device) {
      if (fault.kind !== 'exhaust') strike(fault, path, device)
      else {
        rmSync(path)
        leaveNoRoom()
        createBuffer.call(device, { size: hugeBytes, usage: GPUBufferUsage.STORAGE })
      }
    }
    return result
  }
}

/** The file goes before the fault, so that the engine that is started again does not meet it. */
function strike({ kind }: Fault, path: string, device: GPUDevice): void {
  rmSync(path)
  if (kind === 'kill') process.kill(process.pid, 'SIGKILL')
  if (kind === 'throw') throw new Error('thrown inside a rank')
  if (kind === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  if (kind === 'lose') device.destroy()
}

/** Takes the address space of the process from growing: an allocation of a GiB fails from now on. */
function leaveNoRoom(): void {
  const [pages] = readFileSync('/proc/self/statm', 'utf8').split(' ').map(Number)
  const limit = pages! * 4096 + roomBytes
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(process.pid), `--as=${limit}`])
  if (status !== 0) throw new Error(`prlimit: ${stderr}`)
}

function readFault(path: string): Fault | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}
