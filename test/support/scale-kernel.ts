import { defineKernel } from '../../kernels/gpu/kernel.ts'
import type { Dispatch } from '../../kernels/gpu/recorder.ts'
import type { Tensor } from '../../kernels/gpu/tensor.ts'

/** y[i] = factor · x[i] + offset: a kernel small enough to know everything about it. */
export const scaleKernel = defineKernel(
  'scale',
  `
override TIMES: u32 = 1u;
struct Params { count: u32, offset: i32, factor: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(4)
fn scale(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < params.count) {
    y[id.x] = params.factor * f32(TIMES) * x[id.x] + f32(params.offset);
  }
}`,
)

/** One use of it, over all of x. */
export function scaleUse(x: Tensor, y: Tensor, factor: number, offset = 0): Dispatch {
  const [count = 0] = x.shape
  return {
    params: { count, offset, factor },
    tensors: { x, y },
    workgroups: [Math.ceil(count / 4)],
    cost: { bytes: 8 * count, flops: 2 * count },
  }
}
