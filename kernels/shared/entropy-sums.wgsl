// A row's entropy from sums over its finite logits x: with m their maximum and d = x - m,
//   s = sum e^d, t = sum d e^d, u = sum d^2 e^d, w = sum d;
//   H = ln s - t / s (nats), varentropy = u / s - (t / s)^2 (nats^2), both of the softmax of the logits.

// The sums over a part of a row, as seen from the part's own maximum.
struct Partial {
  maximum: f32,
  s: f32,
  t: f32,
  u: f32,
  w: f32,
  not_finite: u32,  // logits that are left out
}

struct Statistics {
  maximum: f32,
  s: f32,
  t: f32,
  u: f32,
  w: f32,
  entropy: f32,
  varentropy: f32,
  not_finite: u32,
}

// One logit's terms of s, t, u and w.
fn terms_of(d: f32) -> vec4<f32> {
  let e = exp(d);
  return vec4(e, d * e, d * d * e, d);
}

// `sums` are s, t, u and w of the whole row.
fn statistics_of(maximum: f32, sums: vec4<f32>, bad: u32) -> Statistics {
  let mean = sums.y / sums.x;
  return Statistics(
    maximum, sums.x, sums.y, sums.z, sums.w,
    max(0.0, log(sums.x) - mean), max(0.0, sums.z / sums.x - mean * mean), bad);
}
