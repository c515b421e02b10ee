// cap * tanh(value / cap). WGSL's own tanh may be built from exp(2x), overflow and lose what is small; here the relative
// error is that of a few roundings everywhere.
fn soft_cap(value: f32, cap: f32) -> f32 {
  let x = value / cap;
  let magnitude = abs(x);
  if (magnitude < 1.0) {
    // The first terms of Lambert's continued fraction: off by less than 6e-8 of the result up to 1.
    let square = x * x;
    return value * (945.0 + square * (105.0 + square)) / (945.0 + square * (420.0 + square * 15.0));
  }
  let small = exp(-2.0 * magnitude);
  return cap * sign(x) * (1.0 - small) / (1.0 + small);
}
