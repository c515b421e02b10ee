// After shared/finite.wgsl, shared/sort-key.wgsl.
// scores[r, i] = -infinity for every token that is not kept: its sort key is below the row's bound, or it is less likely
// than the share min-p of the likeliest: x - maximum < ln(min-p). What is not finite is left as it is.
// One thread an element.

const THREADS = 256u;
const MINUS_INFINITY = 0xff800000u;

struct Params {
  width: u32,
  first_id: u32,     // id of the row's first score: ranks may share a vocabulary
  log_min_p: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<Bound>;
@group(0) @binding(2) var<storage, read_write> scores: array<u32>;  // bits of f32

@compute @workgroup_size(THREADS)
fn apply_filter(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.width) {
    return;
  }
  let at = id.y * params.width + id.x;
  let x = bitcast<f32>(scores[at]);
  if (!is_finite(x)) {
    return;
  }
  let bound = bounds[id.y];
  let key = sort_key(x, bound.maximum, params.first_id + id.x);
  if (is_below(key, bound.key) || x - bound.maximum < params.log_min_p) {
    scores[at] = MINUS_INFINITY;
  }
}
