// After shared/weight-type.wgsl, shared/weight-blocks.wgsl, shared/row-token.wgsl.
// out[r, d] = table[token of row r - first_id, d]: rows of the token embedding, widened to f32. An id outside the table gives
// zeros: where ranks share a vocabulary, their sum is the embedding. A thread gives eight neighbouring numbers.

override KEEP_OTHERS: u32 = 0u;  // 1: a row of an id outside the table keeps what it holds

struct Params {
  rows: u32,
  width: u32,
  outputs: u32,   // rows of the table
  blocks: u32,    // of a row of the table
  first_id: u32,  // id of its first row
  chosen_rows: u32,
  chosen_words: u32,
  chosen_at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> chosen: array<u32>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn embed(@builtin(global_invocation_id) global: vec3<u32>) {
  let first = global.x * 8u;
  let row = global.y;
  if (first >= params.width || row >= params.rows) {
    return;
  }
  // An id below first_id wraps to one far beyond the table.
  let id = token_of_row(row) - params.first_id;
  var values = Eight();
  if (id < params.outputs) {
    values = read_eight(id, global.x);
  } else if (KEEP_OTHERS == 1u) {
    return;
  }
  for (var i = 0u; i < min(8u, params.width - first); i++) {
    out[row * params.width + first + i] = select(values.first[i % 4u], values.second[i % 4u], i >= 4u);
  }
}
