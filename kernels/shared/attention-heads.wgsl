// What attention's variants have in common.

const MAX_VECTORS = 64u;  // of a head: width / 4
const LOWEST = -3.0e38;   // masks: finite, so that no difference is undefined

// Neighbouring query heads that share a key-value head.
struct HeadGroup {
  first_head: u32,
  heads: u32,
  key_value_head: u32,
}
