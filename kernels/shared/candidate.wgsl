// Tokens in order: the larger logit or score first, ties by the lower id.

const NOTHING = 0xffffffffu;  // the id of no token

struct Candidate {
  value: f32,
  id: u32,
}

// Whether a comes before b: larger, or as large with a lower id. Nothing comes after everything.
fn before(a: Candidate, b: Candidate) -> bool {
  return a.id != NOTHING && (b.id == NOTHING || a.value > b.value || (a.value == b.value && a.id < b.id));
}
