// After shared/finite.wgsl, shared/candidate.wgsl, shared/first-of-workgroup.wgsl.
// The k largest of the slices' candidates of a row, largest first, ties by the lower id; where a row has fewer than k
// finite logits, the rest have id 0xffffffff. One workgroup a row.

const THREADS = 64u;

struct Params {
  slices: u32,
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> candidates: array<Candidate>;
@group(0) @binding(2) var<storage, read_write> top: array<Candidate>;

@compute @workgroup_size(THREADS)
fn top_k_merge(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  let count = params.slices * params.k;
  var last = Candidate(LOWEST, NOTHING);
  for (var pick = 0u; pick < params.k; pick++) {
    var mine = Candidate(LOWEST, NOTHING);
    for (var i = thread; i < count; i += THREADS) {
      let candidate = candidates[row * count + i];
      if ((pick == 0u || before(last, candidate)) && before(candidate, mine)) {
        mine = candidate;
      }
    }
    last = first_of_workgroup(mine, thread);
    if (thread == 0u) {
      top[row * params.k + pick] = last;
    }
    workgroupBarrier();
  }
}
