// After shared/residual.wgsl, shared/workgroup-tree.wgsl.
// y[r, d] = x[r, d] / sqrt(mean over d of x[r, d]^2 + epsilon) * weight[d], where first, with ADD, x += the
// sum of delta's parts.
// RMSNorm, arXiv 1910.07467. One workgroup a row.

const THREADS = 256u;

struct Params {
  rows: u32,
  width: u32,
  parts: u32,  // of delta, each [rows, width]
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> delta: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(THREADS)
fn rms_norm(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let base = workgroup.x * params.width;
  var sum = 0.0;
  for (var d = thread; d < params.width; d += THREADS) {
    let value = take_residual(base + d);
    sum = fma(value, value, sum);
  }
  let scale = 1.0 / sqrt(sum_of_threads(sum, thread) / f32(params.width) + params.epsilon);
  // Each thread reads back only what it wrote itself.
  for (var d = thread; d < params.width; d += THREADS) {
    y[base + d] = x[base + d] * scale * weight[d];
  }
}
