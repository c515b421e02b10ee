// y[r, i] = silu(x[r, 2i]) * x[r, 2i + 1], silu(v) = v / (1 + e^-v): the gated unit of SwiGLU, arXiv 2002.05202, over
// interleaved (gate, up) pairs.

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn silu_mul(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * 64u;
  if (i < params.count) {
    let gate = x[i].x;
    y[i] = gate / (1.0 + exp(-gate)) * x[i].y;
  }
}
