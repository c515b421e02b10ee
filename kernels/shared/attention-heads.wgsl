// What attention's kernels have in common.

const MAX_VECTORS = 64u;  // of a head: width / 4
const LOWEST = -3.0e38;   // masks: finite, so that no difference is undefined

// Neighbouring query heads that share a key-value head.
struct HeadGroup {
  first_head: u32,
  heads: u32,
  key_value_head: u32,
}

// The first of the keys that a row sees, its own being the last: at most `window` of them.
fn first_key_of(position: u32, window: u32) -> u32 {
  return position + 1u - min(window, position + 1u);
}

// Where a position lies in a cache that positions go round, given what may be up to a capacity beyond its end.
fn place_of(place: u32, capacity: u32) -> u32 {
  return select(place, place - capacity, place >= capacity);
}
