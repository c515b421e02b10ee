// After shared/finite.wgsl, shared/entropy-sums.wgsl, shared/entropy-trees.wgsl.
// partials[r, slice] = the sums of a slice of a row's logits; what is not finite is counted and left out.
// A thread sums 8 terms, a tree adds the threads: one running sum over a whole vocabulary would lose three digits.

const THREADS = 256u;

struct Params {
  width: u32,
  slices: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<Partial>;

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
  let maximum = maximum_of_threads(largest, bad, thread);
  var sum = vec4(0.0);
  for (var i = first + thread; i < end; i += THREADS) {
    let x = logits[row * params.width + i];
    if (is_finite(x)) {
      sum += terms_of(x - maximum);
    }
  }
  let all = sums_of_threads(sum, thread);
  if (thread == 0u) {
    partials[row * params.slices + workgroup.x] = Partial(maximum, all.x, all.y, all.z, all.w, not_finite[0]);
  }
}
