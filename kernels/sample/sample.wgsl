// After shared/finite.wgsl, shared/candidate.wgsl, shared/first-of-workgroup.wgsl, shared/choice.wgsl, shared/pcg.wgsl.
// The token that a step chooses: argmax over i of scores[r, i] + G(seed, sequence, step, i), G a standard Gumbel deviate:
// a sample of softmax(scores) (Gumbel-max, arXiv 1411.0030). The noise depends on nothing but its four keys, so that
// neither the batch nor a split of the vocabulary changes what is drawn. Without noise it is the plain argmax. Ties go to
// the lower id; what is not finite is never chosen.
// One workgroup a row.

const THREADS = 256u;

struct Params {
  width: u32,
  first_id: u32,  // id of the row's first logit: ranks may share a vocabulary
  seed: u32,
  draws: u32,     // 0: no noise
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> scores: array<f32>;     // the processed logits, or the raw ones again
@group(0) @binding(3) var<storage, read> sequences: array<u32>;  // key of each row's sequence
@group(0) @binding(4) var<storage, read> steps: array<u32>;      // step of each row's sequence
@group(0) @binding(5) var<storage, read_write> choices: array<Choice>;

// -log(u) for u in (0, 1). Near 1, where the likeliest of many ids are drawn, WGSL's log may be off by 2^-21, which is
// more than the result: there it is the series of -log(1 - v), whose first six terms leave out less than 1e-8 of it.
fn negative_log(u: f32) -> f32 {
  let v = 1.0 - u;
  if (v < 0.0625) {
    return v * (1.0 + v * (1.0 / 2.0 + v * (1.0 / 3.0 + v * (1.0 / 4.0 + v * (1.0 / 5.0 + v * (1.0 / 6.0))))));
  }
  return -log(u);
}

fn gumbel(sequence: u32, step: u32, id: u32) -> f32 {
  let hash = pcg(id ^ pcg(step ^ pcg(sequence ^ pcg(params.seed))));
  // 23 bits and a half, so that the result is strictly between 0 and 1 in f32.
  let uniform = (f32(hash >> 9u) + 0.5) * 0x1p-23;
  return -log(negative_log(uniform));
}

@compute @workgroup_size(THREADS)
fn sample(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  var mine = Candidate(LOWEST, NOTHING);
  for (var i = thread; i < params.width; i += THREADS) {
    var score = scores[row * params.width + i];
    if (is_finite(score)) {
      if (params.draws != 0u) {
        score += gumbel(sequences[row], steps[row], params.first_id + i);
      }
      let scored = Candidate(score, i);
      if (before(scored, mine)) {
        mine = scored;
      }
    }
  }
  let chosen = first_of_workgroup(mine, thread);
  if (thread == 0u) {
    let id = chosen.id;
    if (id == NOTHING) {
      choices[row] = Choice(NOTHING, LOWEST, LOWEST, LOWEST);
    } else {
      let at = row * params.width + id;
      choices[row] = Choice(params.first_id + id, logits[at], scores[at], chosen.value);
    }
  }
}
