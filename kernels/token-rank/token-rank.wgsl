// After shared/choice.wgsl.
// ranks[r] = number of logits of row r that are likelier than the chosen one: larger, or as large with a lower id.
// One workgroup a row; counts are integers, so the order of the sum does not matter.

const THREADS = 256u;

struct Params {
  width: u32,
  first_id: u32,  // id of the row's first logit: ranks may share a vocabulary
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> choices: array<Choice>;
@group(0) @binding(3) var<storage, read_write> ranks: array<u32>;

var<workgroup> counts: array<u32, THREADS>;

@compute @workgroup_size(THREADS)
fn token_rank(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  let chosen = choices[row];
  var count = 0u;
  for (var i = thread; i < params.width; i += THREADS) {
    let logit = logits[row * params.width + i];
    if (logit > chosen.logit || (logit == chosen.logit && params.first_id + i < chosen.id)) {
      count++;
    }
  }
  counts[thread] = count;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) {
      counts[thread] += counts[thread + half];
    }
    workgroupBarrier();
  }
  if (thread == 0u) {
    ranks[row] = counts[0];
  }
}
