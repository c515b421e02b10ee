// After shared/finite.wgsl, shared/entropy-sums.wgsl, shared/entropy-trees.wgsl.
// statistics[r] = the joined slices of a row. Two partial results merge exactly: with M the larger maximum and delta = m - M,
//   s' = s e^delta, t' = (t + delta s) e^delta, u' = (u + 2 delta t + delta^2 s) e^delta, w' = w + delta n,
// n the slice's count of logits. One workgroup a row, and a tree: each thread starts with its own slices, in order.

const THREADS = 64u;

struct Params {
  width: u32,
  slices: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<Partial>;
@group(0) @binding(2) var<storage, read_write> statistics: array<Statistics>;

// A partial's sums as seen from the row's maximum.
fn shifted(part: Partial, maximum: f32, count: u32) -> vec4<f32> {
  let delta = part.maximum - maximum;
  let w = part.w + delta * f32(count);
  if (part.s == 0.0) {
    // No finite logit in it: delta is meaningless, and its product with nothing must stay nothing.
    return vec4(0.0);
  }
  let e = exp(delta);
  return vec4(
    part.s * e,
    (part.t + delta * part.s) * e,
    (part.u + 2.0 * delta * part.t + delta * delta * part.s) * e,
    w);
}

@compute @workgroup_size(THREADS)
fn entropy_merge(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  var largest = LOWEST;
  var bad = 0u;
  for (var i = thread; i < params.slices; i += THREADS) {
    let part = partials[row * params.slices + i];
    largest = max(largest, part.maximum);
    bad += part.not_finite;
  }
  let maximum = maximum_of_threads(largest, bad, thread);
  var sum = vec4(0.0);
  for (var i = thread; i < params.slices; i += THREADS) {
    let part = partials[row * params.slices + i];
    let count = min(SLICE, params.width - i * SLICE) - part.not_finite;
    sum += shifted(part, maximum, count);
  }
  let all = sums_of_threads(sum, thread);
  if (thread == 0u) {
    statistics[row] = statistics_of(maximum, all, not_finite[0]);
  }
}
