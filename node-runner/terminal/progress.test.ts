import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { formatBytes } from '../../core/format-number.ts'
import { createProgress, formatDuration } from './progress.ts'

/** A stream that keeps what is written; `isTTY` says whether it takes itself for a terminal. */
function recordingStream(isTTY: boolean) {
  let text = ''
  const stream = new PassThrough()
  stream.on('data', chunk => (text += chunk))
  const terminal = {
    isTTY,
    columns: 120,
    cursorTo: () => true,
    clearLine: () => true,
    moveCursor: () => true,
  }
  Object.assign(stream, terminal)
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text }
}

describe('createProgress', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('writes a line every ten seconds and at the end, where there is no terminal', () => {
    const { stream, text } = recordingStream(false)
    const progress = createProgress(false, stream)
    progress.say('a message')
    const stage = progress.start('answering', 40, 'problems', () => 'details')
    for (let second = 0; second < 25; second++) {
      vi.advanceTimersByTime(1000)
      stage.advance(1)
    }
    stage.refresh()
    expect(text().split('\n')).toEqual([
      'a message',
      'answering 10 of 40 · 1.00 problems/s, 30 s left · details',
      'answering 20 of 40 · 1.00 problems/s, 20 s left · details',
      '',
    ])
    vi.advanceTimersByTime(5000)
    stage.stop()
    expect(text()).toMatch(/\nanswering 25 of 40 · 0\.833 problems\/s, 18 s left · details\n$/)
  })

  it('has no rate before any time has passed', () => {
    const { stream, text } = recordingStream(false)
    const stage = createProgress(false, stream).start('loading weights', 0, 'bytes')
    stage.stop()
    expect(text()).toBe('loading weights 0 B of 0 B\n')
  })

  it('draws a bar on a terminal, and shows the last state', () => {
    const { stream, text } = recordingStream(true)
    const stage = createProgress(false, stream).start('loading weights', 2000, 'bytes')
    vi.advanceTimersByTime(1000)
    stage.advance(1000)
    vi.advanceTimersByTime(1000)
    expect(text()).toContain('loading weights ████████████░░░░░░░░░░░░ 1.0 kB of 2.0 kB · ')
    stage.advance(1000)
    stage.stop()
    expect(text()).toContain('████████████████████████ 2.0 kB of 2.0 kB')
  })

  it('writes nothing when quiet', () => {
    for (const isTTY of [false, true]) {
      const { stream, text } = recordingStream(isTTY)
      const progress = createProgress(true, stream)
      const stage = progress.start('answering', 3, 'problems')
      stage.advance(3)
      stage.stop()
      progress.say('a message')
      expect(text()).toBe('')
    }
  })
})

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [1_400_000_000, '1.4 GB'],
    [15e15, '15000.0 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe('formatDuration', () => {
  it.each([
    [0.4, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [200, '3 min 20 s'],
    [3599.6, '1 h 0 min'],
    [7500, '2 h 5 min'],
  ])('%d is %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })
})
