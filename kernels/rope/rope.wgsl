// Rotary position embedding of queries and keys (RoFormer, arXiv 2104.09864; rotate-half form: d is paired with
// d + width / 2), and the new keys and values into the cache.
//   q[r, h, i]             = x0 cos - x1 sin        x0 = qkv[r, h, i], x1 = qkv[r, h, i + width / 2]
//   q[r, h, i + width / 2] = x1 cos + x0 sin        cos, sin = table[positions[r], i]
// qkv[r] holds query heads, then key heads, then value heads.
// Keys are cached as [slot, head, width / 4, capacity, 4], so that threads of neighbouring positions read neighbouring
// memory; values as [slot, head, capacity, width].

struct Params {
  rows: u32,
  query_heads: u32,
  key_value_heads: u32,
  width: u32,
  capacity: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read> table: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> q: array<f32>;
@group(0) @binding(6) var<storage, read_write> keys: array<f32>;
@group(0) @binding(7) var<storage, read_write> values: array<f32>;

fn key_index(cache_head: u32, d: u32, position: u32) -> u32 {
  return ((cache_head * (params.width / 4u) + d / 4u) * params.capacity + position) * 4u + d % 4u;
}

@compute @workgroup_size(64)
fn rope(@builtin(global_invocation_id) id: vec3<u32>) {
  let half = params.width / 2u;
  let heads = params.query_heads + 2u * params.key_value_heads;
  let head = id.x / half;
  let i = id.x % half;
  let row = id.y;
  if (head >= heads || row >= params.rows) {
    return;
  }
  let base = (row * heads + head) * params.width;
  let x0 = qkv[base + i];
  let x1 = qkv[base + i + half];
  let position = positions[row];
  let turn = table[position * half + i];
  let y0 = fma(x0, turn.x, -(x1 * turn.y));
  let y1 = fma(x1, turn.x, x0 * turn.y);
  if (head < params.query_heads) {
    let to = (row * params.query_heads + head) * params.width;
    q[to + i] = y0;
    q[to + i + half] = y1;
  } else if (head < params.query_heads + params.key_value_heads) {
    let cache_head = slots[row] * params.key_value_heads + head - params.query_heads;
    keys[key_index(cache_head, i, position)] = y0;
    keys[key_index(cache_head, i + half, position)] = y1;
  } else {
    let cache_head = slots[row] * params.key_value_heads + head - params.query_heads - params.key_value_heads;
    let to = (cache_head * params.capacity + position) * params.width;
    values[to + i] = x0;
    values[to + i + half] = x1;
  }
}
