// Gathers rows: y[r] = x[rows[r]], word by word, whatever the words are.
// One thread for a word.

override SIZE: u32 = 64u;

struct Params {
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;           // [any, width]
@group(0) @binding(2) var<storage, read> rows: array<u32>;        // [rows]
@group(0) @binding(3) var<storage, read_write> y: array<u32>;     // [rows, width]

@compute @workgroup_size(SIZE)
fn gather_rows(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < params.width) {
    y[id.y * params.width + id.x] = x[rows[id.y] * params.width + id.x];
  }
}
