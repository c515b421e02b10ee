/**
 * `entrace/kernels`: what a GPU does here, for authors of kernels. In a browser and in Node alike:
 *
 *     const adapter = await navigator.gpu.requestAdapter()
 *     const device = await openDevice({ gpu: navigator.gpu, adapter })
 *     const x = await tensorFrom(device, 'x', [1, 3], new Float32Array([1, 2, 3]))
 *     const y = await createTensor(device, 'y', 'f32', [1, 3])
 *     const recorder = new Recorder(device, 'example')
 *     softmax(recorder, x, y)
 *     const [bytes] = await recorder.submitAndRead(y)
 *
 * A kernel is WGSL (`defineKernel`) and a function that checks shapes and dispatches it (`recorder.dispatch`). It is held
 * against float64 by `prepareKernel`, `runPrepared` and `compareClose`, and timed by `createBenchClock` and
 * `measureCases`.
 *
 * @module
 */
export { add } from './add/add.ts'
export { type ApplyFilter, applyFilter } from './apply-filter/apply-filter.ts'
export {
  type Attention,
  type AttentionScratch,
  attention,
  createAttentionScratch,
  createHeadGroups,
  type HeadGroups,
} from './attention/attention.ts'
export { copySlots, type SlotCopy } from './copy-slots/copy-slots.ts'
export { embed } from './embed/embed.ts'
export {
  type EntropyStatistics,
  entropy,
  entropyPartialWords,
  entropyWords,
  readEntropyStatistics,
} from './entropy/entropy.ts'
export { boundWords, type FilterLimits, filterThreshold } from './filter-threshold/filter-threshold.ts'
export {
  type BenchCase,
  type BenchClock,
  type BenchResult,
  type BenchSettings,
  createBenchClock,
  measureCases,
  wallClock,
} from './gpu/bench.ts'
export { type KernelCases, type KernelUse, kernelCases } from './gpu/cases.ts'
export {
  type CheckCase,
  type CheckResult,
  type Comparison,
  compareBits,
  compareClose,
  describeMismatch,
  kernelTolerance,
  type Mismatch,
  passes,
  runChecks,
  type Tolerance,
} from './gpu/check.ts'
export {
  countersSince,
  type Device,
  type DeviceCounters,
  DeviceLostError,
  type GpuProvider,
  LimitError,
  OutOfMemoryError,
  openDevice,
} from './gpu/device.ts'
export { defineKernel, type Kernel, type WgslInterface } from './gpu/kernel.ts'
export { type CaseName, type PreparedKernel, prepareKernel, runPrepared } from './gpu/prepared-kernel.ts'
export { Random } from './gpu/random.ts'
export { type Dispatch, flatWorkgroups, type PassTimer, Recorder } from './gpu/recorder.ts'
export {
  bytesPerElement,
  checkTensor,
  createTensor,
  createTensorGroup,
  type DType,
  elementCount,
  type Tensor,
  type TensorGroup,
  tensorBytes,
  tensorFrom,
  uploadTensor,
  viewTensor,
} from './gpu/tensor.ts'
export { createTimer, type Timer } from './gpu/timer.ts'
export { type LinearEpilogue, type LinearVariant, linear } from './linear/linear.ts'
export {
  type Histogram,
  histogramWords,
  type MassHistogram,
  massHistogram,
  readMassHistogram,
  searchWords,
} from './mass-histogram/mass-histogram.ts'
export {
  createPackedWeight,
  type PackedWeight,
  packedWeightBytes,
  packWeight,
  type WeightDType,
} from './pack-weight/pack-weight.ts'
export { type ProcessLogits, processLogits, seenWords } from './process-logits/process-logits.ts'
export { type RandomWeight, randomWeight, randomWeightDeviation } from './random-weight/random-weight.ts'
export { type RmsNorm, rmsNorm } from './rms-norm/rms-norm.ts'
export { type LayerCache, type Rope, rope, ropeTable } from './rope/rope.ts'
export { choiceWords, type Sample, sample } from './sample/sample.ts'
export { softmax } from './softmax/softmax.ts'
export { tokenRank } from './token-rank/token-rank.ts'
export { readTopLogits, type TopLogit, topK, topKCandidateWords } from './top-k/top-k.ts'
