// After shared/residual.wgsl, shared/workgroup-tree.wgsl.
// y[r, d] = x[r, d] / sqrt(mean over d of x[r, d]^2 + epsilon) * weight[d] (or x[r, d] itself), where first, with ADD,
// x += scale * the sum of delta's parts, or that sum normalised likewise with the weight after.
// RMSNorm, arXiv 1910.07467. One workgroup a row.

const THREADS = 256u;

struct Params {
  rows: u32,
  width: u32,
  parts: u32,  // of delta, each [rows, width]
  epsilon: f32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> delta: array<f32>;
@group(0) @binding(3) var<storage, read> after: array<f32>;
@group(0) @binding(4) var<storage, read> weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(THREADS)
fn rms_norm(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let base = workgroup.x * params.width;
  var after_factor = 1.0;
  if (AFTER) {
    var sum = 0.0;
    for (var d = thread; d < params.width; d += THREADS) {
      let value = take_parts(base + d);
      sum = fma(value, value, sum);
    }
    after_factor = norm_factor(sum_of_threads(sum, thread));
    workgroupBarrier();
  }
  // Each thread reads back only what it wrote itself.
  var sum = 0.0;
  for (var d = thread; d < params.width; d += THREADS) {
    let value = take_residual(base, d, after_factor);
    sum = fma(value, value, sum);
  }
  if (WEIGHTED) {
    let factor = norm_factor(sum_of_threads(sum, thread));
    for (var d = thread; d < params.width; d += THREADS) {
      y[base + d] = x[base + d] * factor * weight[d];
    }
  } else {
    for (var d = thread; d < params.width; d += THREADS) {
      y[base + d] = x[base + d];
    }
  }
}
