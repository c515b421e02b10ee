import type { BenchReport } from './bench.ts'

const clocks = {
  timestamps: "the device's timestamps around each dispatch",
  wall: "the host's clock around submit and wait",
}

const headings = ['kernel', 'shape', 'variant', 'median ms', 'quartiles ms', 'rounds', 'GB/s', 'GFLOP/s']
/** Columns of text, aligned to the left. */
const textColumns = 3

/** A report as a table for a terminal. */
export function renderBenchReport({ adapter, clock, results }: BenchReport): string {
  const rows = results.map(result => [
    result.kernel,
    result.shape,
    result.variant ?? '',
    significant(result.medianMs),
    `${significant(result.lowerQuartileMs)}–${significant(result.upperQuartileMs)}`,
    `${result.rounds}×${result.repeats}`,
    significant(result.gigabytesPerSecond),
    result.gigaflopsPerSecond === 0 ? '' : significant(result.gigaflopsPerSecond),
  ])
  const table = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...table.map(row => row[column]?.length ?? 0)))
  const lines = table.map(row =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column < textColumns ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd(),
  )
  return [`${adapter}; times by ${clocks[clock]}`, '', ...lines].join('\n')
}

/** Three significant digits, without an exponent. */
function significant(value: number): string {
  return new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3, useGrouping: false }).format(value)
}
