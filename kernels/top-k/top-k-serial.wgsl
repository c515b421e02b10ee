// After shared/finite.wgsl, shared/candidate.wgsl.
// The k largest logits of a row, largest first, ties by the lower id; where a row has fewer than k finite logits, the
// rest have id 0xffffffff. One thread a row, for CPU adapters, where a barrier costs more than it saves.


struct Params {
  rows: u32,
  width: u32,
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> top: array<Candidate>;

@compute @workgroup_size(4)
fn top_k_serial(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= params.rows) {
    return;
  }
  var last = Candidate(LOWEST, NOTHING);
  for (var pick = 0u; pick < params.k; pick++) {
    var best = Candidate(LOWEST, NOTHING);
    for (var i = 0u; i < params.width; i++) {
      let candidate = Candidate(logits[row * params.width + i], i);
      if (is_finite(candidate.value) && (pick == 0u || before(last, candidate)) && before(candidate, best)) {
        best = candidate;
      }
    }
    top[row * params.k + pick] = best;
    last = best;
  }
}
