// After shared/weight-type.wgsl.
// Numbers of a packed weight, widened in registers to what ggml's reference (dequantize_row_* of ggml-quants.c) makes of
// them, to the bit. The kernel declares `weight`, the planes of a piece, and params with its outputs and the blocks of an
// output.
//
// What is read at once is a unit of neighbouring inputs of an output: 8 of types that are stored one by one, 32 of the
// others, whose stored integers all come to bytes q, and w = (q - zero) * scale or w = q * scale + offset. Each is rounded
// once at most, so that a compiler that contracts to fma changes nothing: a scale is an f16 (11 bits) times a whole number
// of at most 8 bits, and q - zero has at most 8 bits where that number is 1 and 6 bits else, so scale and product are exact
// in f32, and only the sum with an offset is rounded. (An MXFP4 scale is a power of two. Below 2^-126, of which no weight
// is made, a device may flush it.)

// Inputs of a unit.
fn unit_inputs() -> u32 {
  return select(32u, 8u, WEIGHT_TYPE <= BF16);
}

struct Unit {
  // Words of an f32 or 16-bit type (those in `low` alone), or 32 bytes.
  low: vec4<u32>,
  high: vec4<u32>,
  // Of the first 16 inputs and of the others.
  scale: vec2<f32>,
  offset: vec2<f32>,
}

// Eight neighbouring inputs.
struct Eight {
  first: vec4<f32>,
  second: vec4<f32>,
}

// The f16 in the upper halves of words, as f32, by integers and exact arithmetic: hardware may flush subnormal f16, and
// scales often are subnormal. What is first made is 2^112 times as large, where infinity has f32's own bits, and a
// subnormal m * 2^-24 the bits of 2^97 + m * 2^87: twice that less 2^98 is right, and of a normal number not the smaller.
fn widen_f16(upper: vec4<u32>) -> vec4<f32> {
  let large = bitcast<vec4<f32>>(((upper & vec4(0x7fff0000u)) >> vec4(3u)) + vec4(224u << 23u));
  let sign_and_scale = (upper & vec4(0x80000000u)) | vec4(15u << 23u);
  return min(large, fma(large, vec4(2.0), vec4(-0x1p98))) * bitcast<vec4<f32>>(sign_and_scale);
}

// The low and the high half of a word as f16.
fn widen_pair(word: u32) -> vec2<f32> {
  return widen_f16(vec4(word << 16u, word, 0u, 0u)).xy;
}

// Element of a plane of 16 bytes.
fn wide(plane: u32, block: u32, output: u32) -> vec4<u32> {
  return weight[(plane * params.blocks + block) * params.outputs + output];
}

// Words before the planes that follow so many of 16 bytes.
fn words_of_wide(planes: u32) -> u32 {
  return planes * params.blocks * params.outputs * 4u;
}

// Words of a plane of 4 bytes.
fn words_of_plane() -> u32 {
  return (params.blocks * params.outputs + 3u) & ~3u;
}

// Element of a plane of 4, 2 or 1 bytes that begins after so many words.
fn narrow(begin: u32, bytes: u32, block: u32, output: u32) -> u32 {
  let width = select((params.outputs + 7u) & ~7u, params.outputs, bytes == 4u);
  let element = block * width + output;
  let per_word = 4u / bytes;
  let at = begin + element / per_word;
  let word = weight[at / 4u][at % 4u];
  return select((word >> (8u * bytes * (element % per_word))) & ((1u << (8u * bytes % 32u)) - 1u), word, bytes == 4u);
}

// Byte i of 16.
fn byte_of(bytes: vec4<u32>, i: u32) -> u32 {
  return (bytes[i / 4u] >> (8u * (i % 4u))) & 0xffu;
}

// A signed byte.
fn signed(byte: u32) -> f32 {
  return f32(i32(byte << 24u) >> 24u);
}

// Bits 0 to 15, each as bit 4 of a byte.
fn fifth_bits(bits: u32) -> vec4<u32> {
  let four = (vec4(bits) >> vec4(0u, 4u, 8u, 12u)) & vec4(0xfu);
  // Four copies of the bits, 7 apart, have bit i at 8i.
  return ((four * 0x204081u) & vec4(0x01010101u)) << vec4(4u);
}

// Low (0) or high (4) nibbles of bytes.
fn nibbles(bytes: vec4<u32>, shift: u32) -> vec4<u32> {
  return (bytes >> vec4(shift)) & vec4(0x0f0f0f0fu);
}

fn read_unit(output: u32, unit: u32) -> Unit {
  if (WEIGHT_TYPE == F32) {
    var second = vec4(0u);
    if (2u * unit + 1u < params.blocks) {
      second = wide(0u, 2u * unit + 1u, output);
    }
    return Unit(wide(0u, 2u * unit, output), second, vec2(1.0), vec2(0.0));
  }
  if (WEIGHT_TYPE == F16 || WEIGHT_TYPE == BF16) {
    return Unit(wide(0u, unit, output), vec4(0u), vec2(1.0), vec2(0.0));
  }
  if (WEIGHT_TYPE >= Q2_K) {
    return read_k_unit(output, unit / 8u, unit % 8u);
  }
  let q = wide(0u, unit, output);
  if (WEIGHT_TYPE == Q8_0) {
    let scale = widen_pair(narrow(begin_of_scales(), 2u, unit, output)).x;
    let flip = vec4(0x80808080u);
    return Unit(q ^ flip, wide(1u, unit, output) ^ flip, vec2(scale), vec2(0.0));
  }
  var low = nibbles(q, 0u);
  var high = nibbles(q, 4u);
  let begin = words_of_wide(1u);
  if (WEIGHT_TYPE == MXFP4) {
    let exponent = narrow(begin, 1u, unit, output);
    let bits = select((exponent - 1u) << 23u, 0x200000u << exponent, exponent < 2u);
    return Unit(low, high, vec2(bitcast<f32>(bits)), vec2(0.0));
  }
  if (WEIGHT_TYPE == Q4_1) {
    let pair = widen_pair(narrow(begin, 4u, unit, output));
    return Unit(low, high, vec2(pair.x), vec2(pair.y));
  }
  if (WEIGHT_TYPE == Q4_0 || WEIGHT_TYPE == IQ4_NL) {
    return Unit(low, high, vec2(widen_pair(narrow(begin_of_scales(), 2u, unit, output)).x), vec2(0.0));
  }
  let fifth = narrow(begin, 4u, unit, output);
  low |= fifth_bits(fifth);
  high |= fifth_bits(fifth >> 16u);
  if (WEIGHT_TYPE == Q5_0) {
    return Unit(low, high, vec2(widen_pair(narrow(begin_of_scales(), 2u, unit, output)).x), vec2(0.0));
  }
  let pair = widen_pair(narrow(begin + words_of_plane(), 4u, unit, output));
  return Unit(low, high, vec2(pair.x), vec2(pair.y));
}

// Whether every unit of an output has one f16 scale.
fn has_f16_scales() -> bool {
  return WEIGHT_TYPE == Q8_0 || WEIGHT_TYPE == Q4_0 || WEIGHT_TYPE == Q5_0 || WEIGHT_TYPE == IQ4_NL;
}

// Words before their plane.
fn begin_of_scales() -> u32 {
  switch WEIGHT_TYPE {
    case Q8_0: { return words_of_wide(2u); }
    case Q5_0: { return words_of_wide(1u) + words_of_plane(); }
    default: { return words_of_wide(1u); }
  }
}

// The scales of eight neighbouring outputs, the first a multiple of eight.
fn eight_scales(output: u32, unit: u32) -> Eight {
  let words = weight[(begin_of_scales() + (unit * ((params.outputs + 7u) & ~7u) + output) / 2u) / 4u];
  return Eight(
    widen_f16(vec4(words.x << 16u, words.x, words.y << 16u, words.y)),
    widen_f16(vec4(words.z << 16u, words.z, words.w << 16u, words.w)));
}

// Unit `part` of eight of a block of 256 inputs.
fn read_k_unit(output: u32, block: u32, part: u32) -> Unit {
  let half = part / 4u;
  let quarter = part % 4u;
  if (WEIGHT_TYPE == Q2_K) {
    // 16 scales and minimums of 4 bits; d and dmin.
    let scales = wide(0u, block, output);
    let one = byte_of(scales, 2u * part);
    let other = byte_of(scales, 2u * part + 1u);
    let pair = widen_pair(narrow(words_of_wide(5u), 4u, block, output));
    let low = (wide(1u + 2u * half, block, output) >> vec4(2u * quarter)) & vec4(0x03030303u);
    let high = (wide(2u + 2u * half, block, output) >> vec4(2u * quarter)) & vec4(0x03030303u);
    let scale = pair.x * vec2(f32(one & 0xfu), f32(other & 0xfu));
    return Unit(low, high, scale, -(pair.y * vec2(f32(one >> 4u), f32(other >> 4u))));
  }
  if (WEIGHT_TYPE == Q3_K) {
    // The third bits, the low two, 16 scales of 6 bits (eight bytes of nibbles, four of high bits), d.
    let third_low = (wide(0u, block, output) >> vec4(part)) & vec4(0x01010101u);
    let third_high = (wide(1u, block, output) >> vec4(part)) & vec4(0x01010101u);
    let low = (wide(2u + 2u * half, block, output) >> vec4(2u * quarter)) & vec4(0x03030303u);
    let high = (wide(3u + 2u * half, block, output) >> vec4(2u * quarter)) & vec4(0x03030303u);
    let begin = words_of_wide(6u);
    let plane = words_of_plane();
    let low_bits = narrow(begin + (quarter / 2u) * plane, 4u, block, output) >> (4u * half);
    let high_bits = narrow(begin + 2u * plane, 4u, block, output) >> (2u * (part / 2u));
    let shift = 16u * (part % 2u);
    let both = ((low_bits >> shift) & 0x0f0fu) | (((high_bits >> shift) & 0x0303u) << 4u);
    let d = widen_pair(narrow(begin + 3u * plane, 2u, block, output)).x;
    let scale = d * (vec2(f32(both & 0xffu), f32(both >> 8u)) - 32.0);
    return Unit(low | (third_low << vec4(2u)), high | (third_high << vec4(2u)), scale, vec2(0.0));
  }
  if (WEIGHT_TYPE == Q6_K) {
    // Low nibbles, the high two bits, 16 signed scales, d.
    let plane = 4u * half + 2u * (quarter % 2u);
    let shift = 4u * (quarter / 2u);
    let low_bits = (wide(8u + 2u * half, block, output) >> vec4(2u * quarter)) & vec4(0x03030303u);
    let high_bits = (wide(9u + 2u * half, block, output) >> vec4(2u * quarter)) & vec4(0x03030303u);
    let low = nibbles(wide(plane, block, output), shift) | (low_bits << vec4(4u));
    let high = nibbles(wide(plane + 1u, block, output), shift) | (high_bits << vec4(4u));
    let scales = wide(12u, block, output);
    let d = widen_pair(narrow(words_of_wide(13u), 2u, block, output)).x;
    let scale = d * vec2(signed(byte_of(scales, 2u * part)), signed(byte_of(scales, 2u * part + 1u)));
    return Unit(low, high, scale, vec2(0.0));
  }
  // Q4_K and Q5_K: d and dmin, eight scales and minimums of 6 bits; of Q5_K the fifth bits; nibbles.
  let head = wide(0u, block, output);
  let shift = 8u * quarter;
  var scale_bits = (head.y >> shift) & 0x3fu;
  var minimum_bits = (head.z >> shift) & 0x3fu;
  if (half == 1u) {
    let low_bits = head.w >> shift;
    scale_bits = (low_bits & 0xfu) | (((head.y >> (shift + 6u)) & 3u) << 4u);
    minimum_bits = ((low_bits >> 4u) & 0xfu) | (((head.z >> (shift + 6u)) & 3u) << 4u);
  }
  let pair = widen_pair(head.x);
  let first = select(1u, 3u, WEIGHT_TYPE == Q5_K) + 2u * (part / 2u);
  var low = nibbles(wide(first, block, output), 4u * (part % 2u));
  var high = nibbles(wide(first + 1u, block, output), 4u * (part % 2u));
  if (WEIGHT_TYPE == Q5_K) {
    low |= ((wide(1u, block, output) >> vec4(part)) & vec4(0x01010101u)) << vec4(4u);
    high |= ((wide(2u, block, output) >> vec4(part)) & vec4(0x01010101u)) << vec4(4u);
  }
  return Unit(low, high, vec2(pair.x * f32(scale_bits)), vec2(-(pair.y * f32(minimum_bits))));
}

// Values of the codes 0 to 15 plus 128, as bytes: IQ4_NL's, and MXFP4's (e2m1, doubled).
const IQ4_NL_VALUES = vec4(0x3f2d1801u, 0x766a5d4fu, 0xa6998d81u, 0xf1d9c5b5u);
const MXFP4_VALUES = vec4(0x83828180u, 0x8c888684u, 0x7d7e7f80u, 0x74787a7cu);

fn value_of_codes(codes: vec4<u32>) -> vec4<u32> {
  var values = IQ4_NL_VALUES;
  if (WEIGHT_TYPE == MXFP4) {
    values = MXFP4_VALUES;
  }
  let lower = select(vec4(values.x), vec4(values.y), codes >= vec4(4u));
  let upper = select(vec4(values.z), vec4(values.w), codes >= vec4(12u));
  let word = select(lower, upper, codes >= vec4(8u));
  return (word >> (8u * (codes & vec4(3u)))) & vec4(0xffu);
}

// The integer that stands for zero.
fn zero() -> f32 {
  switch WEIGHT_TYPE {
    case Q8_0, IQ4_NL, MXFP4: { return 128.0; }
    case Q4_0: { return 8.0; }
    case Q5_0: { return 16.0; }
    case Q3_K: { return 4.0; }
    case Q6_K: { return 32.0; }
    default: { return 0.0; }
  }
}

// Whether numbers are q * scale + offset.
fn has_offset() -> bool {
  return WEIGHT_TYPE == Q4_1 || WEIGHT_TYPE == Q5_1 || WEIGHT_TYPE == Q2_K || WEIGHT_TYPE == Q4_K || WEIGHT_TYPE == Q5_K;
}

// The numbers of four stored bytes.
fn numbers(bytes: vec4<u32>, scale: vec4<f32>, offset: vec4<f32>) -> vec4<f32> {
  var q = bytes;
  if (WEIGHT_TYPE == IQ4_NL || WEIGHT_TYPE == MXFP4) {
    q = value_of_codes(bytes);
  }
  // The bits of 2^23 + q: cheaper than a conversion.
  let number = bitcast<vec4<f32>>(q | vec4(0x4b000000u)) - vec4(8388608.0 + zero());
  if (has_offset()) {
    return fma(number, scale, offset);
  }
  return number * scale;
}

// The bytes of a word, the lowest first.
fn bytes_of(word: u32) -> vec4<u32> {
  return (vec4(word) >> vec4(0u, 8u, 16u, 24u)) & vec4(0xffu);
}

// Eight inputs of a unit: of 32 those from 8 * part on.
fn eight_of(unit: Unit, part: u32) -> Eight {
  if (WEIGHT_TYPE == F32) {
    return Eight(bitcast<vec4<f32>>(unit.low), bitcast<vec4<f32>>(unit.high));
  }
  let words = unit.low;
  if (WEIGHT_TYPE == F16) {
    return Eight(
      widen_f16(vec4(words.x << 16u, words.x, words.y << 16u, words.y)),
      widen_f16(vec4(words.z << 16u, words.z, words.w << 16u, words.w)));
  }
  if (WEIGHT_TYPE == BF16) {
    // The high half of an f32.
    let mask = 0xffff0000u;
    return Eight(
      bitcast<vec4<f32>>(vec4(words.x << 16u, words.x & mask, words.y << 16u, words.y & mask)),
      bitcast<vec4<f32>>(vec4(words.z << 16u, words.z & mask, words.w << 16u, words.w & mask)));
  }
  let four = select(unit.low, unit.high, part >= 2u);
  let pair = select(four.xy, four.zw, part % 2u == 1u);
  let scale = vec4(select(unit.scale.x, unit.scale.y, part >= 2u));
  let offset = vec4(select(unit.offset.x, unit.offset.y, part >= 2u));
  return Eight(numbers(bytes_of(pair.x), scale, offset), numbers(bytes_of(pair.y), scale, offset));
}

// Eight inputs of an output, by their place in eights.
fn read_eight(output: u32, eight: u32) -> Eight {
  let per_unit = unit_inputs() / 8u;
  return eight_of(read_unit(output, eight / per_unit), eight % per_unit);
}
