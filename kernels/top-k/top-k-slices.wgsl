// After shared/finite.wgsl, shared/candidate.wgsl, shared/first-of-workgroup.wgsl.
// The k largest logits of a slice of a row, largest first, ties by the lower id. A workgroup holds the slice in
// workgroup memory and picks k times the largest of what comes after the pick before, so that nothing is marked or moved.
// What is not finite is never picked.

const THREADS = 256u;
const SLICE = 2048u;

struct Params {
  width: u32,
  slices: u32,
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> candidates: array<Candidate>;

var<workgroup> slice: array<f32, SLICE>;

@compute @workgroup_size(THREADS)
fn top_k_slices(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.y;
  let first = workgroup.x * SLICE;
  let count = min(SLICE, params.width - first);
  for (var i = thread; i < count; i += THREADS) {
    slice[i] = logits[row * params.width + first + i];
  }
  workgroupBarrier();
  var last = Candidate(LOWEST, NOTHING);
  for (var pick = 0u; pick < params.k; pick++) {
    var mine = Candidate(LOWEST, NOTHING);
    for (var i = thread; i < count; i += THREADS) {
      let candidate = Candidate(slice[i], first + i);
      if (is_finite(candidate.value) && (pick == 0u || before(last, candidate)) && before(candidate, mine)) {
        mine = candidate;
      }
    }
    last = first_of_workgroup(mine, thread);
    if (thread == 0u) {
      candidates[(row * params.slices + workgroup.x) * params.k + pick] = last;
    }
    workgroupBarrier();
  }
}
