// Rotary position embedding of queries and keys (RoFormer, arXiv 2104.09864; rotate-half form: number i of a head is
// paired with i + pairs), and the new keys and values into the cache.
//   x[i]         = qkv[r, h, i], with NORM normalised: x[i] / sqrt(mean x^2 + epsilon) * weight[i] (arXiv 1910.07467)
//   y[i]         = x[i] cos - x[i + pairs] sin      cos, sin = table[turn of r, i]
//   y[i + pairs] = x[i + pairs] cos + x[i] sin
// What lies behind the turned numbers passes through, and all of a value head does.
// qkv[r] holds query heads, then key heads, then value heads. Keys are cached as [slot, head, width / 4, capacity, 4], so
// that threads of neighbouring positions read neighbouring memory; values as [slot, head, capacity, width]. Positions go
// round: one that exceeds the capacity takes the place of a key that no row sees any more.
// One thread two numbers of a head. All threads of a head sum its squares for themselves, in one order: they read the
// same numbers at the same time, which costs less than barriers would.

override NORM: u32 = 0u;  // 1: the mean is that of a head; 2: that of all query or key heads, whose sums are given

struct Params {
  rows: u32,
  query_heads: u32,
  key_value_heads: u32,
  width: u32,
  pairs: u32,        // of a head, that turn
  capacity: u32,
  slots_at: u32,     // in places, from where the positions begin
  turns_at: u32,
  query_count: u32,  // numbers that the mean of queries, and of keys, is taken of
  key_count: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> places: array<u32>;  // positions, slots, and rows of the table
@group(0) @binding(3) var<storage, read> table: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> weight: array<f32>;  // query's and key's, [2, width]; with NORM 2 [heads, width]
@group(0) @binding(5) var<storage, read> sums: array<f32>;    // of squares of queries and of keys, [rows, 2], with NORM 2
@group(0) @binding(6) var<storage, read_write> q: array<f32>;
@group(0) @binding(7) var<storage, read_write> keys: array<f32>;
@group(0) @binding(8) var<storage, read_write> values: array<f32>;

fn key_index(cache_head: u32, d: u32, place: u32) -> u32 {
  return ((cache_head * (params.width / 4u) + d / 4u) * params.capacity + place) * 4u + d % 4u;
}

// 1 / the root mean square of what a query or key head is normalised over.
fn norm_factor(row: u32, base: u32, is_key: bool) -> f32 {
  var squares = 0.0;
  if (NORM == 2u) {
    squares = sums[row * 2u + select(0u, 1u, is_key)];
  } else {
    for (var d = 0u; d < params.width; d++) {
      let value = qkv[base + d];
      squares = fma(value, value, squares);
    }
  }
  return 1.0 / sqrt(squares / f32(select(params.query_count, params.key_count, is_key)) + params.epsilon);
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
  let is_query = head < params.query_heads;
  let is_value = head >= params.query_heads + params.key_value_heads;
  let turns = i < params.pairs;
  // A pair that turns, or neighbours that pass through.
  let d0 = select(2u * i, i, turns);
  let d1 = select(2u * i + 1u, i + params.pairs, turns);
  let base = (row * heads + head) * params.width;
  var x0 = qkv[base + d0];
  var x1 = qkv[base + d1];
  if (NORM != 0u && !is_value) {
    let factor = norm_factor(row, base, !is_query);
    let first = select(select(1u, 0u, is_query), head, NORM == 2u) * params.width;
    x0 *= factor * weight[first + d0];
    x1 *= factor * weight[first + d1];
  }
  var y0 = x0;
  var y1 = x1;
  if (turns) {
    let turn = table[places[params.turns_at + row] * params.pairs + i];
    y0 = fma(x0, turn.x, -(x1 * turn.y));
    y1 = fma(x1, turn.x, x0 * turn.y);
  }
  if (is_query) {
    let to = (row * params.query_heads + head) * params.width;
    q[to + d0] = y0;
    q[to + d1] = y1;
    return;
  }
  let place = places[row] % params.capacity;
  let first_head = places[params.slots_at + row] * params.key_value_heads;
  if (is_value) {
    let cache_head = first_head + head - params.query_heads - params.key_value_heads;
    let to = (cache_head * params.capacity + place) * params.width;
    values[to + d0] = x0;
    values[to + d1] = x1;
  } else {
    let cache_head = first_head + head - params.query_heads;
    keys[key_index(cache_head, d0, place)] = y0;
    keys[key_index(cache_head, d1, place)] = y1;
  }
}
