import { kernelCases } from '../gpu/cases.ts'
import { compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { combineExperts } from './combine-experts.ts'

interface CombineShape {
  rows: number
  width: number
  perRow: number
  shared: 'none' | 'plain' | 'gated'
}

/** Shapes to test and time. */
const combineExpertsShapes: readonly (CombineShape & { name: string })[] = [
  { name: 'width 1', rows: 1, width: 1, perRow: 1, shared: 'none' },
  { name: 'odd', rows: 5, width: 131, perRow: 3, shared: 'plain' },
  { name: 'odd, gated', rows: 4, width: 67, perRow: 2, shared: 'gated' },
  { name: 'Mixtral', rows: 1, width: 4096, perRow: 2, shared: 'none' },
  { name: 'Qwen2-MoE', rows: 1, width: 2048, perRow: 4, shared: 'gated' },
  { name: 'Qwen3-MoE, prefill', rows: 128, width: 2048, perRow: 8, shared: 'none' },
]

/** A combination with its tensors. */
export function prepareCombineExperts(device: Device, { rows, width, perRow, shared }: CombineShape) {
  return prepareKernel(
    device,
    {
      outputs: ['f32', [rows * perRow, width]],
      weights: ['f32', [rows, perRow]],
      sharedOutputs: ['f32', [rows, width]],
      gates: ['f32', [rows, 1]],
      y: ['f32', [rows, width]],
    },
    (recorder, { outputs, weights, sharedOutputs, gates, y }) => {
      const ofShared = { outputs: sharedOutputs, gates: shared === 'gated' ? gates : null }
      combineExperts(recorder, { outputs, weights, shared: shared === 'none' ? null : ofShared, y })
    },
  )
}

/** Sums in float64 of what experts give. */
export const combineExpertsCases = kernelCases('combine-experts', combineExpertsShapes, {
  prepare: prepareCombineExperts,
  async check(device, shape) {
    const { rows, width, perRow, shared } = shape
    const random = new Random(43)
    const outputs = random.normals(rows * perRow * width)
    const weights = random.normals(rows * perRow)
    const sharedOutputs = random.normals(rows * width)
    const gates = random.normals(rows, 3)
    const expected = new Float64Array(rows * width)
    const scale = new Float64Array(rows * width)
    for (let r = 0; r < rows; r++) {
      const factor = shared === 'gated' ? 1 / (1 + Math.exp(-gates[r]!)) : 1
      for (let d = 0; d < width; d++) {
        const addends = Array.from(
          { length: perRow },
          (_, s) => weights[r * perRow + s]! * outputs[(r * perRow + s) * width + d]!,
        )
        if (shared !== 'none') addends.push(factor * sharedOutputs[r * width + d]!)
        for (const addend of addends) {
          expected[r * width + d]! += addend
          scale[r * width + d]! += Math.abs(addend)
        }
      }
    }
    const prepared = await prepareCombineExperts(device, shape)
    const { y } = await runPrepared(device, prepared, { outputs, weights, sharedOutputs, gates }, 'y')
    return [compareClose(shared, new Float32Array(y), expected, { absolute: 1e-7, relative: 2e-6, scale })]
  },
})
