// scores[r, i] = -infinity for every token that is not kept: its place in the order of tokens (see likeliest.wgsl) lies
// below the row's bound, or it is less likely than the share min-p of the likeliest: x - maximum < ln(min-p).
// One thread an element.

const THREADS = 256u;
const MINUS_INFINITY = 0xff800000u;

struct Params {
  width: u32,
  first_id: u32,     // id of the row's first score: ranks may share a vocabulary
  log_min_p: f32,
}

struct Bound {
  maximum: f32,
  nearness: u32,
  order: u32,
  id: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<Bound>;
@group(0) @binding(2) var<storage, read_write> scores: array<u32>;  // bits of f32

fn nearness_of(distance: f32) -> u32 {
  return 65535u - u32(min(distance * 1024.0, 65535.0));
}

fn order_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if (x == 0.0) {
    return 0x80000000u;
  }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) != 0u);
}

fn is_finite(bits: u32) -> bool {
  return (bits & 0x7f800000u) != 0x7f800000u;
}

@compute @workgroup_size(THREADS)
fn keep_likeliest(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.width) {
    return;
  }
  let at = id.y * params.width + id.x;
  let bits = scores[at];
  if (!is_finite(bits)) {
    return;
  }
  let x = bitcast<f32>(bits);
  let bound = bounds[id.y];
  let nearness = nearness_of(bound.maximum - x);
  let order = order_of(x);
  let place = 0xffffffu - params.first_id - id.x;
  let at_bound = nearness == bound.nearness && (order > bound.order || (order == bound.order && place >= bound.id));
  if (!(nearness > bound.nearness || at_bound) || x - bound.maximum < params.log_min_p) {
    scores[at] = MINUS_INFINITY;
  }
}
