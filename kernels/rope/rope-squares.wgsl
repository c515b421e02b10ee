// After shared/workgroup-tree.wgsl.
// sums[r, 0] = sum over the query heads of row r of squares of qkv[r], sums[r, 1] = the same over some of its key heads.
// What an RMSNorm of all heads at once needs before any head can turn. One workgroup a row and sum.

const THREADS = 64u;

struct Params {
  width: u32,      // of qkv[r]
  queries: u32,    // its first numbers
  first_key: u32,
  keys: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(THREADS)
fn rope_squares(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let of_keys = workgroup.y == 1u;
  let first = workgroup.x * params.width + select(0u, params.first_key, of_keys);
  let count = select(params.queries, params.keys, of_keys);
  var sum = 0.0;
  for (var n = thread; n < count; n += THREADS) {
    let value = qkv[first + n];
    sum = fma(value, value, sum);
  }
  let total = sum_of_threads(sum, thread);
  if (thread == 0u) {
    sums[workgroup.x * 2u + workgroup.y] = total;
  }
}
