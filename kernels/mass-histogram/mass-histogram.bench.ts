import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { massHistogramShapes } from './mass-histogram.reference.ts'
import { histogramWords, massHistogram, searchWords } from './mass-histogram.ts'

/** A histogram with its tensors. */
export async function prepareMassHistogram(
  device: Device,
  { rows, width, firstId }: { rows: number; width: number; firstId: number },
): Promise<PreparedKernel<'scores' | 'searches' | 'histograms'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    scores: ['f32', [rows, width]],
    searches: ['u32', [rows, searchWords]],
    histograms: ['u32', [rows, histogramWords]],
  })
  return { tensors, record: recorder => massHistogram(recorder, { ...tensors, firstId }), destroy }
}

/** What `entrace bench` times of this kernel: the first byte, for which every token counts. */
export const massHistogramBench = benchCases('mass-histogram', massHistogramShapes, prepareMassHistogram)
