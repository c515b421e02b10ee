// The k largest logits of a slice of a row, largest first, ties by the lower id. A workgroup holds the slice in
// workgroup memory and picks k times the largest of what comes after the pick before, so that nothing is marked or moved.
// What is not finite is never picked.

const THREADS = 256u;
const SLICE = 2048u;
const LOWEST = -3.4028234e38;
const NOTHING = 0xffffffffu;

struct Params {
  width: u32,
  slices: u32,
  k: u32,
}

struct Candidate {
  value: f32,
  id: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> candidates: array<Candidate>;

var<workgroup> slice: array<f32, SLICE>;
var<workgroup> best: array<Candidate, THREADS>;

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

// Whether a comes before b: larger, or as large with a lower id. Nothing comes after everything.
fn before(a: Candidate, b: Candidate) -> bool {
  return a.id != NOTHING && (b.id == NOTHING || a.value > b.value || (a.value == b.value && a.id < b.id));
}

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
    best[thread] = mine;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
      if (thread < half && before(best[thread + half], best[thread])) {
        best[thread] = best[thread + half];
      }
      workgroupBarrier();
    }
    last = best[0];
    if (thread == 0u) {
      candidates[(row * params.slices + workgroup.x) * params.k + pick] = last;
    }
    workgroupBarrier();
  }
}
