// The type of a packed weight's elements, of which a block of 16 bytes holds four (f32) or eight.

override WEIGHT_TYPE: u32 = 2u;  // 0 f32, 1 f16, 2 bf16

// The two numbers of a word of a 16-bit type. bf16 is the high half of an f32.
fn unpack(word: u32) -> vec2<f32> {
  if (WEIGHT_TYPE == 1u) {
    return unpack2x16float(word);
  }
  return bitcast<vec2<f32>>(vec2(word << 16u, word & 0xffff0000u));
}
