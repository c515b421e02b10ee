import { type GenericFormatter, SingleBar } from 'cli-progress'
import { formatBytes } from '../../core/format-number.ts'
import { printable } from './printable.ts'

/** Shows how far a job is, on standard error: a bar on a terminal, plain lines elsewhere, nothing when quiet. */
export interface Progress {
  /** Begins a stage of `total` units. `details` is asked at each update for what to show beside it. */
  start(label: string, total: number, unit: 'bytes' | 'problems', details?: () => string): ProgressStage
  /** A line of its own. */
  say(message: string): void
}

/** A stage under way. */
export interface ProgressStage {
  advance(units: number): void
  /** Shows the details again without advancing. */
  refresh(): void
  stop(): void
}

const plainIntervalMs = 10_000

/** Makes the progress display that suits the stream. */
export function createProgress(quiet: boolean, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (quiet) return { start: () => ({ advance() {}, refresh() {}, stop() {} }), say() {} }
  return {
    start(label, total, unit, details = () => '') {
      const startedMs = performance.now()
      const shown = unit === 'bytes' ? formatBytes : (count: number) => String(count)
      const describe = (value: number, bar = '') => {
        const elapsedMs = performance.now() - startedMs
        const speed = elapsedMs > 0 ? describeSpeed(value, total, unit, elapsedMs / 1000) : ''
        const parts = [`${label}${bar} ${shown(value)} of ${shown(total)}`, speed, details()]
        return printable(parts.filter(Boolean).join(' · '))
      }
      return stream.isTTY ? startBar(stream, total, describe) : startLines(stream, describe)
    },
    say: message => void stream.write(`${printable(message)}\n`),
  }
}

function startBar(
  stream: NodeJS.WriteStream,
  total: number,
  describe: (value: number, bar: string) => string,
): ProgressStage {
  const format: GenericFormatter = (_options, { progress, value }) => {
    const cells = 24
    const filled = Math.round(progress * cells)
    return describe(value, ` ${'█'.repeat(filled)}${'░'.repeat(cells - filled)}`)
  }
  const bar = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: false, fps: 5 })
  bar.start(total, 0)
  return { advance: units => bar.increment(units), refresh: () => bar.updateETA(), stop: () => bar.stop() }
}

function startLines(stream: NodeJS.WriteStream, describe: (value: number) => string): ProgressStage {
  let value = 0
  let writtenMs = performance.now()
  const write = () => {
    writtenMs = performance.now()
    stream.write(`${describe(value)}\n`)
  }
  const refresh = () => {
    if (performance.now() - writtenMs >= plainIntervalMs) write()
  }
  return {
    advance(units) {
      value += units
      refresh()
    },
    refresh,
    stop: write,
  }
}

function describeSpeed(value: number, total: number, unit: 'bytes' | 'problems', seconds: number): string {
  const rate = value / seconds
  const speed = unit === 'bytes' ? `${formatBytes(rate)}/s` : `${rate.toPrecision(3)} problems/s`
  return value > 0 && value < total ? `${speed}, ${formatDuration((total - value) / rate)} left` : speed
}

/** Seconds as 45 s, 3 min 20 s or 2 h 5 min. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
