// One pass over a slice of a row's logits for its entropy: with m the slice's maximum and d = x - m,
//   s = sum e^d, t = sum d e^d, u = sum d^2 e^d, w = sum d.
// A thread sums 8 terms, a tree adds the threads: one running sum over a whole vocabulary would lose three digits.
// Not-a-number and infinities are counted by their exponent bits (comparisons do not find them on every adapter) and
// left out.

const THREADS = 256u;
const SLICE = 2048u;
const LOWEST = -3.4028234e38;

struct Params {
  width: u32,
  slices: u32,
}

// m, s, t, u, w and the number of logits that are not finite
struct Partial {
  maximum: f32,
  s: f32,
  t: f32,
  u: f32,
  w: f32,
  not_finite: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<Partial>;

var<workgroup> maxima: array<f32, THREADS>;
var<workgroup> sums: array<vec4<f32>, THREADS>;
var<workgroup> not_finite: array<u32, THREADS>;

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

@compute @workgroup_size(THREADS)
fn entropy_slices(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.y;
  let first = workgroup.x * SLICE;
  let end = min(first + SLICE, params.width);
  var largest = LOWEST;
  var bad = 0u;
  for (var i = first + thread; i < end; i += THREADS) {
    let x = logits[row * params.width + i];
    if (is_finite(x)) {
      largest = max(largest, x);
    } else {
      bad++;
    }
  }
  maxima[thread] = largest;
  not_finite[thread] = bad;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) {
      maxima[thread] = max(maxima[thread], maxima[thread + half]);
      not_finite[thread] += not_finite[thread + half];
    }
    workgroupBarrier();
  }
  let maximum = maxima[0];
  var sum = vec4(0.0);
  for (var i = first + thread; i < end; i += THREADS) {
    let x = logits[row * params.width + i];
    if (is_finite(x)) {
      let d = x - maximum;
      let e = exp(d);
      sum += vec4(e, d * e, d * d * e, d);
    }
  }
  sums[thread] = sum;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) {
      sums[thread] += sums[thread + half];
    }
    workgroupBarrier();
  }
  if (thread == 0u) {
    let all = sums[0];
    partials[row * params.slices + workgroup.x] = Partial(maximum, all.x, all.y, all.z, all.w, not_finite[0]);
  }
}
