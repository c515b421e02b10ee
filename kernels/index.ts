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
export * from './add/add.ts'
export * from './apply-filter/apply-filter.ts'
export * from './attention/attention.ts'
export * from './copy-slots/copy-slots.ts'
export * from './embed/embed.ts'
export * from './entropy/entropy.ts'
export * from './filter-threshold/filter-threshold.ts'
export * from './gather-rows/gather-rows.ts'
export {
  type BenchCase,
  type BenchClock,
  type BenchResult,
  type BenchSettings,
  createBenchClock,
  measureCases,
} from './gpu/bench.ts'
export * from './gpu/cases.ts'
export * from './gpu/check.ts'
export * from './gpu/device.ts'
export { defineKernel, type Kernel, type WgslInterface } from './gpu/kernel.ts'
export * from './gpu/plan.ts'
export * from './gpu/prepared-kernel.ts'
export { Random } from './gpu/random.ts'
export * from './gpu/recorder.ts'
export * from './gpu/tensor.ts'
export * from './gpu/timer.ts'
export * from './linear/linear.ts'
export * from './mark-seen/mark-seen.ts'
export * from './mass-histogram/mass-histogram.ts'
export * from './pack-weight/pack-weight.ts'
export * from './process-logits/process-logits.ts'
export * from './random-weight/random-weight.ts'
export * from './rms-norm/rms-norm.ts'
export * from './rope/rope.ts'
export * from './sample/sample.ts'
export * from './softmax/softmax.ts'
export * from './token-rank/token-rank.ts'
export * from './top-k/top-k.ts'
