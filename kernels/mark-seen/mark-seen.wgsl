// After shared/row-token.wgsl.
// seen[slot of row r] gets the bit of row r's token: what the sequence of a slot holds, for the repetition penalty. Tokens
// that the step before chose are marked without the host's knowing them. Rows of one slot meet in words, hence atomics.
// One thread a row.

struct Params {
  rows: u32,
  words: u32,  // of a slot's mask
  chosen_rows: u32,
  chosen_words: u32,
  chosen_at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> chosen: array<u32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read_write> seen: array<atomic<u32>>;  // [slots, words]

@compute @workgroup_size(64)
fn mark_seen(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= params.rows) {
    return;
  }
  let token = token_of_row(row);
  if (token / 32u < params.words) {
    atomicOr(&seen[slots[row] * params.words + token / 32u], 1u << (token % 32u));
  }
}
