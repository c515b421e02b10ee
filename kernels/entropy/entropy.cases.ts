import { kernelCases } from '../gpu/cases.ts'
import { compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { distributedRows, distributions, Random, rowOf } from '../gpu/random.ts'
import { entropy, entropyPartialWords, entropyWords, readEntropyStatistics } from './entropy.ts'

/** Shapes to test and time. */
const entropyShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 331 },
  { name: 'one more than a slice', rows: 2, width: 2049 },
  { name: '7B vocabulary, rank of 8', rows: 3, width: 19008 },
  { name: '0.5B vocabulary', rows: 1, width: 151936 },
  { name: '7B vocabulary', rows: 1, width: 152064 },
] as const

/** Entropy (nats), varentropy (nats²) and Σ (x − max) of a row's softmax in float64. */
function entropyReference(logits: ArrayLike<number>): {
  entropy: number
  varentropy: number
  w: number
} {
  let maximum = -Infinity
  for (let i = 0; i < logits.length; i++) maximum = Math.max(maximum, logits[i]!)
  let total = 0
  let w = 0
  for (let i = 0; i < logits.length; i++) {
    total += Math.exp(logits[i]! - maximum)
    w += logits[i]! - maximum
  }
  let entropy = 0
  for (let i = 0; i < logits.length; i++) {
    const surprise = Math.log(total) - (logits[i]! - maximum)
    entropy += Math.exp(-surprise) * surprise
  }
  let varentropy = 0
  for (let i = 0; i < logits.length; i++) {
    const surprise = Math.log(total) - (logits[i]! - maximum)
    varentropy += Math.exp(-surprise) * (surprise - entropy) ** 2
  }
  return { entropy, varentropy, w }
}

/** The variants of the kernel. */
export const entropyVariants = ['slices', 'serial'] as const

/** An entropy with its tensors. */
export function prepareEntropy(
  device: Device,
  { rows, width }: { rows: number; width: number },
  variant: (typeof entropyVariants)[number],
) {
  return prepareKernel(
    device,
    {
      logits: ['f32', [rows, width]],
      partials: ['u32', [entropyPartialWords(rows, width)]],
      statistics: ['u32', [rows, entropyWords]],
    },
    (recorder, { logits, partials, statistics }) => entropy(recorder, logits, partials, statistics, variant),
  )
}

/** Entropy, varentropy and the sum below the maximum, of every distribution. */
export const entropyCases = kernelCases('entropy', entropyShapes, {
  variants: entropyVariants,
  prepare: prepareEntropy,
  async check(device, shape, variant) {
    const { rows, width } = shape
    const comparisons = []
    for (const kind of Object.keys(distributions)) {
      const logits = distributedRows(kind, new Random(5), rows, width)
      const prepared = await prepareEntropy(device, shape, variant)
      const { statistics } = await runPrepared(device, prepared, { logits }, 'statistics')
      const found = Array.from({ length: rows }, (_, row) => readEntropyStatistics(statistics, row))
      const expected = found.map((_, row) => entropyReference(rowOf(logits, row, width)))
      comparisons.push(
        compareClose(
          `${kind}: entropy`,
          found.map(one => one.entropyNats),
          expected.map(one => one.entropy),
          { absolute: 1e-4, relative: 0 },
        ),
        compareClose(
          `${kind}: varentropy`,
          found.map(one => one.varentropy),
          expected.map(one => one.varentropy),
          { absolute: 1e-3, relative: 1e-3 },
        ),
        compareClose(
          `${kind}: sum below the maximum`,
          found.map(one => one.w),
          expected.map(one => one.w),
          { absolute: 1e-3, relative: 1e-5 },
        ),
        compareClose(
          `${kind}: logits that are not finite`,
          found.map(one => one.notFinite),
          found.map(() => 0),
          { absolute: 0, relative: 0 },
        ),
      )
    }
    return comparisons
  },
})
