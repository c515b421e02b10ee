// Finite numbers. Not-a-number and infinities are found by their exponent bits: comparisons do not find them on every
// adapter.

const LOWEST = -3.4028234e38;  // below or at every finite f32

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}
