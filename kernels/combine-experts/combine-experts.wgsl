// y[r, d] = sum over s of weights[r, s] * outputs[r, s, d], a row's experts in their order, then, with SHARED, + shared[r, d]
// or + sigmoid(gates[r]) * shared[r, d]: the output of the expert that all rows share.

override SHARED: u32 = 0u;  // 0 none, 1 as it is, 2 gated

struct Params {
  width: u32,
  experts_of_row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> outputs: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> shared_outputs: array<f32>;
@group(0) @binding(4) var<storage, read> gates: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn combine_experts(@builtin(global_invocation_id) id: vec3<u32>) {
  let d = id.x;
  let row = id.y;
  if (d >= params.width) {
    return;
  }
  var sum = 0.0;
  for (var s = 0u; s < params.experts_of_row; s++) {
    let pair = row * params.experts_of_row + s;
    sum = fma(weights[pair], outputs[pair * params.width + d], sum);
  }
  let at = row * params.width + d;
  if (SHARED == 1u) {
    sum += shared_outputs[at];
  } else if (SHARED == 2u) {
    sum = fma(1.0 / (1.0 + exp(-gates[row])), shared_outputs[at], sum);
  }
  y[at] = sum;
}
