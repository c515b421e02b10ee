// After shared/finite.wgsl, shared/workgroup-tree.wgsl.
// y[r, i] = e^(x[r, i] - m) / sum over j of e^(x[r, j] - m), m the row's maximum. One workgroup a row.

const THREADS = 256u;

struct Params {
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(THREADS)
fn softmax(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let base = workgroup.x * params.width;
  var largest = LOWEST;
  for (var i = thread; i < params.width; i += THREADS) {
    largest = max(largest, x[base + i]);
  }
  let maximum = maximum_of_threads(largest, thread);
  workgroupBarrier();
  var sum = 0.0;
  for (var i = thread; i < params.width; i += THREADS) {
    let e = exp(x[base + i] - maximum);
    y[base + i] = e;
    sum += e;
  }
  let total = sum_of_threads(sum, thread);
  for (var i = thread; i < params.width; i += THREADS) {
    y[base + i] /= total;
  }
}
