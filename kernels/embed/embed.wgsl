// After shared/weight-type.wgsl.
// out[r, d] = table[ids[r] - first_id, d]: rows of the token embedding, widened to f32. An id outside the table gives
// zeros: where ranks share a vocabulary, their sum is the embedding.

override KEEP_OTHERS: u32 = 0u;  // 1: such a row keeps what it holds

struct Params {
  rows: u32,
  width: u32,
  vocabulary: u32,  // rows of the table
  first_id: u32,    // id of its first row
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn value(id: u32, d: u32) -> f32 {
  let block_size = select(8u, 4u, WEIGHT_TYPE == 0u);
  let block = table[(d / block_size) * params.vocabulary + id];
  if (WEIGHT_TYPE == 0u) {
    return bitcast<f32>(block[d % 4u]);
  }
  return unpack(block[(d % 8u) / 2u])[d % 2u];
}

@compute @workgroup_size(64)
fn embed(@builtin(global_invocation_id) global: vec3<u32>) {
  let d = global.x;
  let row = global.y;
  if (d >= params.width || row >= params.rows) {
    return;
  }
  // An id below first_id wraps to one far beyond the table.
  let id = ids[row] - params.first_id;
  if (id < params.vocabulary) {
    out[row * params.width + d] = value(id, d);
  } else if (KEEP_OTHERS == 0u) {
    out[row * params.width + d] = 0.0;
  }
}
