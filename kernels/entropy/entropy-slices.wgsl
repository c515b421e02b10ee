// After shared/finite.wgsl, shared/entropy-sums.wgsl.
// partials[r, slice] = the sums of a slice of a row's logits; what is not finite is counted and left out.
// A thread sums 8 terms, a tree adds the threads: one running sum over a whole vocabulary would lose three digits.

const THREADS = 256u;
const SLICE = 2048u;

struct Params {
  width: u32,
  slices: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<Partial>;

var<workgroup> maxima: array<f32, THREADS>;
var<workgroup> sums: array<vec4<f32>, THREADS>;
var<workgroup> not_finite: array<u32, THREADS>;

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
      sum += terms_of(x - maximum);
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
