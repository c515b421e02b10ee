// The order of a row's tokens by which filters keep the first: by score, ties by the lower id. A token's sort key is a
// number of nine bytes, the larger the earlier the token: its distance from the row's maximum in steps of 2^-10 nats (two
// bytes, inverted), the order of its score's bits (four), and its id (three, inverted). What is not finite has none.

const LEVELS = 9u;  // bytes of a key

struct SortKey {
  high: u32,
  middle: u32,
  low: u32,
}

// A token is kept where its key is not below the bound's.
struct Bound {
  maximum: f32,
  key: SortKey,
}

fn sort_key(x: f32, maximum: f32, token: u32) -> SortKey {
  let bits = bitcast<u32>(x);
  let order = select(bits | 0x80000000u, ~bits, (bits >> 31u) != 0u);
  return SortKey(
    65535u - u32(min((maximum - x) * 1024.0, 65535.0)), select(order, 0x80000000u, x == 0.0), 0xffffffu - token);
}

fn is_below(a: SortKey, b: SortKey) -> bool {
  return a.high < b.high
    || (a.high == b.high && (a.middle < b.middle || (a.middle == b.middle && a.low < b.low)));
}

// Ones in the first `level` bytes of a key.
fn first_bytes(level: u32) -> SortKey {
  return SortKey(
    select(select(0u, 0xff00u, level == 1u), 0xffffu, level >= 2u),
    select(select(0u, 0xffffffffu << (8u * (6u - min(level, 6u))), level > 2u), 0xffffffffu, level >= 6u),
    select(0u, (0xffffffu << (8u * (9u - min(level, 9u)))) & 0xffffffu, level > 6u));
}

// Whether two keys are the same in the bytes where the mask has ones.
fn agree_in(mask: SortKey, a: SortKey, b: SortKey) -> bool {
  return (((a.high ^ b.high) & mask.high) | ((a.middle ^ b.middle) & mask.middle) | ((a.low ^ b.low) & mask.low)) == 0u;
}

// Byte `level` of a key.
fn byte_of(key: SortKey, level: u32) -> u32 {
  if (level < 2u) {
    return (key.high >> (8u * (1u - level))) & 255u;
  }
  if (level < 6u) {
    return (key.middle >> (8u * (5u - level))) & 255u;
  }
  return (key.low >> (8u * (8u - level))) & 255u;
}
