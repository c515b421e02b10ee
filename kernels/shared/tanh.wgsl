// tanh within some 4e-7 of its own size: WGSL lets an adapter's own be off by 1e-5, which near 0 is more than all of it.

fn accurate_tanh(x: f32) -> f32 {
  let size = abs(x);
  if (size >= 1.0) {
    let shrinking = exp(-2.0 * size);
    return sign(x) * (1.0 - shrinking) / (1.0 + shrinking);
  }
  // There 1 - exp would cancel. Lambert's continued fraction, cut after x^2 / 13, is off by 2e-12.
  let square = x * x;
  let above = fma(fma(square + 378.0, square, 17325.0), square, 135135.0);
  let below = fma(fma(fma(28.0, square, 3150.0), square, 62370.0), square, 135135.0);
  return x * (above / below);
}

// cap * tanh(x / cap); x where cap is 0.
fn soft_cap(x: f32, cap: f32) -> f32 {
  if (cap == 0.0) {
    return x;
  }
  return cap * accurate_tanh(x / cap);
}
