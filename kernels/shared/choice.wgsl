// The token that a row's step chose.

struct Choice {
  id: u32,
  logit: f32,  // raw
  score: f32,  // without noise
  drawn: f32,  // with noise: by which ranks that share a vocabulary compare their choices
}
