// processed[r, i] = penalised(logits[r, i] - shifts[r]) / temperature. A token that row r's sequence holds already is
// penalised as Transformers does (after CTRL, arXiv 1909.05858): x / penalty where x > 0, else x * penalty.
// One thread an element.

const THREADS = 256u;

struct Params {
  width: u32,
  first_id: u32,  // id of the row's first logit: ranks may share a vocabulary
  words: u32,     // of a slot's mask
  penalty: f32,
  temperature: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> shifts: array<f32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read> seen: array<u32>;  // a bit a token of the vocabulary, for each slot
@group(0) @binding(5) var<storage, read_write> processed: array<f32>;

@compute @workgroup_size(THREADS)
fn process_logits(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.y;
  if (id.x >= params.width) {
    return;
  }
  let at = row * params.width + id.x;
  var x = logits[at] - shifts[row];
  if (params.penalty != 1.0) {
    let token = params.first_id + id.x;
    let word = seen[slots[row] * params.words + token / 32u];
    if (((word >> (token % 32u)) & 1u) != 0u) {
      x = select(x * params.penalty, x / params.penalty, x > 0.0);
    }
  }
  processed[at] = x / params.temperature;
}
