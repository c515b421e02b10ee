// The k largest logits of a row, largest first, ties by the lower id; where a row has fewer than k finite logits, the
// rest have id 0xffffffff. One thread a row, for CPU adapters, where a barrier costs more than it saves.

const LOWEST = -3.4028234e38;
const NOTHING = 0xffffffffu;

struct Params {
  rows: u32,
  width: u32,
  k: u32,
}

struct Candidate {
  value: f32,
  id: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> top: array<Candidate>;

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

// Whether a comes before b: larger, or as large with a lower id. Nothing comes after everything.
fn before(a: Candidate, b: Candidate) -> bool {
  return a.id != NOTHING && (b.id == NOTHING || a.value > b.value || (a.value == b.value && a.id < b.id));
}

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
