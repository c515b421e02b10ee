import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { endStuckReading, tellRead, tellReading } from './watch-worker.ts'

/** A worker's end of the channel, and the page's. */
function openWorker() {
  const events = new EventTarget()
  let ended = false
  const worker = Object.assign(events, { terminate: () => (ended = true) }) as unknown as Worker
  vi.stubGlobal('postMessage', (data: unknown) => events.dispatchEvent(new MessageEvent('message', { data })))
  return { worker, isEnded: () => ended }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const source = tellReading(memoryByteSource(new Uint8Array(4_000_000), 'summary.parquet'))

describe('endStuckReading', () => {
  it('ends a worker that decodes for ever, and names the file', async () => {
    const { worker, isEnded } = openWorker()
    const stuck = endStuckReading(worker, () => new Promise(() => {}))
    stuck.catch(() => {})
    vi.advanceTimersByTime(3_600_000)
    await source.slice(0)
    vi.advanceTimersByTime(10_999)
    expect(isEnded()).toBe(false)
    vi.advanceTimersByTime(1)
    expect(isEnded()).toBe(true)
    await expect(stuck).rejects.toThrow(/^summary\.parquet: reading it made no progress for 11 s/)
  })

  it.each([
    ['answers', async () => {}, () => {}],
    ['goes on to something else', () => new Promise<void>(() => {}), tellRead],
  ])('leaves a worker that %s', async (_, ping, goOn) => {
    const { worker, isEnded } = openWorker()
    endStuckReading(worker, ping).catch(() => {})
    await source.slice(0)
    goOn()
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(isEnded()).toBe(false)
  })

  it('counts from the last bytes', async () => {
    const { worker, isEnded } = openWorker()
    endStuckReading(worker, () => new Promise(() => {})).catch(() => {})
    for (let piece = 0; piece < 20; piece++) {
      await source.slice(0, 10)
      vi.advanceTimersByTime(5_000)
    }
    expect(isEnded()).toBe(false)
  })
})
