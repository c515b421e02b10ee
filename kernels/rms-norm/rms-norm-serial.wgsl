// After shared/residual.wgsl.
// y[r, d] = x[r, d] / sqrt(mean over d of x[r, d]^2 + epsilon) * weight[d] (or x[r, d] itself), where first, with ADD,
// x += scale * the sum of delta's parts, or that sum normalised likewise with the weight after.
// RMSNorm, arXiv 1910.07467. One thread a row, for CPU adapters, where a barrier costs more than it saves.

const CHUNK = 128u;

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

@compute @workgroup_size(4)
fn rms_norm_serial(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.rows) {
    return;
  }
  let base = id.x * params.width;
  var after_factor = 1.0;
  if (AFTER) {
    var total = 0.0;
    for (var chunk = 0u; chunk < params.width; chunk += CHUNK) {
      var sum = 0.0;
      for (var d = chunk; d < min(chunk + CHUNK, params.width); d++) {
        let value = take_parts(base + d);
        sum = fma(value, value, sum);
      }
      total += sum;
    }
    after_factor = norm_factor(total);
  }
  var total = 0.0;
  for (var chunk = 0u; chunk < params.width; chunk += CHUNK) {
    var sum = 0.0;
    for (var d = chunk; d < min(chunk + CHUNK, params.width); d++) {
      let value = take_residual(base, d, after_factor);
      sum = fma(value, value, sum);
    }
    total += sum;
  }
  let factor = norm_factor(total);
  for (var d = 0u; d < params.width; d++) {
    if (WEIGHTED) {
      y[base + d] = x[base + d] * factor * weight[d];
    } else {
      y[base + d] = x[base + d];
    }
  }
}
