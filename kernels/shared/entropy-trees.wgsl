// The sums of entropy over the threads of a workgroup, by trees. The kernel declares THREADS, a power of two.

const SLICE = 2048u;  // logits of a partial result

var<workgroup> maxima: array<f32, THREADS>;
var<workgroup> sums: array<vec4<f32>, THREADS>;
var<workgroup> not_finite: array<u32, THREADS>;

// The maximum over the threads; the logits that are not finite are added up in not_finite[0].
fn maximum_of_threads(largest: f32, bad: u32, thread: u32) -> f32 {
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
  return maxima[0];
}

fn sums_of_threads(sum: vec4<f32>, thread: u32) -> vec4<f32> {
  sums[thread] = sum;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) {
      sums[thread] += sums[thread + half];
    }
    workgroupBarrier();
  }
  return sums[0];
}
