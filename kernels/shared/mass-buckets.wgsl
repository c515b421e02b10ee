// A histogram of tokens over the values of a byte: how many there are of each, and their masses e^(x - maximum), in fixed
// point of 2^-40, so that their sums do not depend on any order. One thread a bucket clears it.

// In units of 2^-40.
struct Mass {
  high: u32,
  low: u32,
}

var<workgroup> counts: array<atomic<u32>, 256>;
var<workgroup> highs: array<atomic<u32>, 256>;
var<workgroup> lows: array<atomic<u32>, 256>;

fn clear_bucket(bucket: u32) {
  atomicStore(&counts[bucket], 0u);
  atomicStore(&highs[bucket], 0u);
  atomicStore(&lows[bucket], 0u);
}

// A number of units of 2^-8, which is not below 0.
fn fixed(scaled: f32) -> Mass {
  let high = floor(scaled);
  return Mass(u32(high), u32((scaled - high) * 4294967296.0));
}

fn count_token(bucket: u32, x: f32, maximum: f32) {
  let mass = fixed(exp(x - maximum) * 256.0);
  atomicAdd(&counts[bucket], 1u);
  let before = atomicAdd(&lows[bucket], mass.low);
  let high = mass.high + select(0u, 1u, before + mass.low < before);
  if (high > 0u) {
    atomicAdd(&highs[bucket], high);
  }
}
