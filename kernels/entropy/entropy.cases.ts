import { kernelCases } from '../gpu/cases.ts'
import { compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { overDistributions } from '../gpu/random.ts'
import { entropy, entropyPartialWords, entropyWords, readEntropyStatistics } from './entropy.ts'

const entropyShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 331 },
  { name: 'one more than a slice', rows: 2, width: 2049 },
  { name: '7B vocabulary, rank of 8', rows: 3, width: 19008 },
  { name: '0.5B vocabulary', rows: 1, width: 151936 },
  { name: '7B vocabulary', rows: 1, width: 152064 },
] as const

/** Entropy (nats), varentropy (nats²) and Σ (x − max) of a row's softmax in float64. */
function entropyReference(logits: ArrayLike<number>) {
  let maximum = -Infinity
  for (let i = 0; i < logits.length; i++) maximum = Math.max(maximum, logits[i]!)
  let total = 0
  let w = 0
  for (let i = 0; i < logits.length; i++) {
    total += Math.exp(logits[i]! - maximum)
    w += logits[i]! - maximum
  }
  let entropyNats = 0
  for (let i = 0; i < logits.length; i++) {
    const surprise = Math.log(total) - (logits[i]! - maximum)
    entropyNats += Math.exp(-surprise) * surprise
  }
  let varentropy = 0
  for (let i = 0; i < logits.length; i++) {
    const surprise = Math.log(total) - (logits[i]! - maximum)
    varentropy += Math.exp(-surprise) * (surprise - entropyNats) ** 2
  }
  return { entropyNats, varentropy, w, notFinite: 0 }
}

/** What of the statistics is compared, in words, and how near it comes. */
const compared = {
  entropyNats: ['entropy', { absolute: 1e-4, relative: 0 }],
  varentropy: ['varentropy', { absolute: 1e-3, relative: 1e-3 }],
  w: ['sum below the maximum', { absolute: 1e-3, relative: 1e-5 }],
  notFinite: ['logits that are not finite', { absolute: 0, relative: 0 }],
} as const

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
  check: (device, shape, variant) =>
    overDistributions({ ...shape, seed: 5 }, async ({ kind, matrix: logits, eachRow }) => {
      const prepared = await prepareEntropy(device, shape, variant)
      const { statistics } = await runPrepared(device, prepared, { logits }, 'statistics')
      const found = eachRow.map((_, row) => readEntropyStatistics(statistics, row))
      const expected = eachRow.map(entropyReference)
      return (Object.keys(compared) as (keyof typeof compared)[]).map(field => {
        const [what, tolerance] = compared[field]
        const [ours, theirs] = [found, expected].map(statistics => statistics.map(one => one[field]))
        return compareClose(`${kind}: ${what}`, ours!, theirs!, tolerance)
      })
    }),
})
