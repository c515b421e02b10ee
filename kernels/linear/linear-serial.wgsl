// After shared/weight-type.wgsl, shared/weight-blocks.wgsl, shared/linear-rows.wgsl, shared/soft-cap.wgsl, shared/linear-epilogue.wgsl.
// y[r, n] = sum over k of W[n, k] x[r, k] (and what follows the sum), for CPU adapters, where a barrier costs more
// than it saves: a thread computes eight neighbouring columns of up to four rows alone, so that each load serves many products.
// The number of inputs and what is skipped are multiples of 4.

override ROWS: u32 = 1u;    // 1 or 4
override IS_CUT: u32 = 0u;  // 1 where blocks hold inputs of other ranks beside this weight's

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
  blocks: u32,         // of an output
  skip: u32,           // inputs of an output's first block that are not of this weight
  first_output: u32,   // where in the whole weight these outputs lie
  output_stride: u32,
  columns: u32,        // of y
  halving: u32,        // 1 where a column of y is made of two outputs
  scale: f32,
  cap: f32,
  expert_outputs: u32,  // in the piece's stride; 0 without experts
  experts_of_row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> routes: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

// Sums of eight columns for each of four rows.
struct Sums {
  left0: vec4<f32>,
  left1: vec4<f32>,
  left2: vec4<f32>,
  left3: vec4<f32>,
  right0: vec4<f32>,
  right1: vec4<f32>,
  right2: vec4<f32>,
  right3: vec4<f32>,
}

// Four words each of four columns, by word.
struct Words {
  first: vec4<u32>,
  second: vec4<u32>,
  third: vec4<u32>,
  fourth: vec4<u32>,
}

fn by_word(a: vec4<u32>, b: vec4<u32>, c: vec4<u32>, d: vec4<u32>) -> Words {
  return Words(
    vec4(a.x, b.x, c.x, d.x), vec4(a.y, b.y, c.y, d.y), vec4(a.z, b.z, c.z, d.z), vec4(a.w, b.w, c.w, d.w));
}

// Four inputs of four rows.
struct Inputs {
  row0: vec4<f32>,
  row1: vec4<f32>,
  row2: vec4<f32>,
  row3: vec4<f32>,
}

// Those from input k on of rows that begin at vectors of x; of blocks that are cut zeros outside.
fn read_inputs(bases: vec4<u32>, k: u32) -> Inputs {
  var inputs = Inputs();
  if (IS_CUT == 1u && k >= params.inputs) {
    return inputs;
  }
  let v = min(k, params.inputs - 4u) / 4u;
  inputs.row0 = x[bases.x + v];
  if (ROWS > 1u) {
    inputs.row1 = x[bases.y + v];
    inputs.row2 = x[bases.z + v];
    inputs.row3 = x[bases.w + v];
  }
  return inputs;
}

fn low(words: vec4<u32>) -> vec4<f32> {
  if (WEIGHT_TYPE == F16) {
    return widen_f16(words << vec4(16u));
  }
  return bitcast<vec4<f32>>(words << vec4(16u));
}

fn high(words: vec4<u32>) -> vec4<f32> {
  if (WEIGHT_TYPE == F16) {
    return widen_f16(words);
  }
  return bitcast<vec4<f32>>(words & vec4(0xffff0000u));
}

// Adds the products of one input: columns of the weight, and that input of each row.
fn add(sums: ptr<function, Sums>, left: vec4<f32>, right: vec4<f32>, x0: f32, x1: f32, x2: f32, x3: f32) {
  (*sums).left0 = fma(left, vec4(x0), (*sums).left0);
  (*sums).right0 = fma(right, vec4(x0), (*sums).right0);
  if (ROWS > 1u) {
    (*sums).left1 = fma(left, vec4(x1), (*sums).left1);
    (*sums).right1 = fma(right, vec4(x1), (*sums).right1);
    (*sums).left2 = fma(left, vec4(x2), (*sums).left2);
    (*sums).right2 = fma(right, vec4(x2), (*sums).right2);
    (*sums).left3 = fma(left, vec4(x3), (*sums).left3);
    (*sums).right3 = fma(right, vec4(x3), (*sums).right3);
  }
}

// Adds four inputs that are words.
fn add_words(sums: ptr<function, Sums>, left: Words, right: Words, inputs: Inputs) {
  let x0 = inputs.row0;
  let x1 = inputs.row1;
  let x2 = inputs.row2;
  let x3 = inputs.row3;
  add(sums, bitcast<vec4<f32>>(left.first), bitcast<vec4<f32>>(right.first), x0.x, x1.x, x2.x, x3.x);
  add(sums, bitcast<vec4<f32>>(left.second), bitcast<vec4<f32>>(right.second), x0.y, x1.y, x2.y, x3.y);
  add(sums, bitcast<vec4<f32>>(left.third), bitcast<vec4<f32>>(right.third), x0.z, x1.z, x2.z, x3.z);
  add(sums, bitcast<vec4<f32>>(left.fourth), bitcast<vec4<f32>>(right.fourth), x0.w, x1.w, x2.w, x3.w);
}

// Adds four inputs that are the halves of two words.
fn add_halves(
  sums: ptr<function, Sums>,
  left0: vec4<u32>, right0: vec4<u32>, left1: vec4<u32>, right1: vec4<u32>,
  inputs: Inputs,
) {
  let x0 = inputs.row0;
  let x1 = inputs.row1;
  let x2 = inputs.row2;
  let x3 = inputs.row3;
  add(sums, low(left0), low(right0), x0.x, x1.x, x2.x, x3.x);
  add(sums, high(left0), high(right0), x0.y, x1.y, x2.y, x3.y);
  add(sums, low(left1), low(right1), x0.z, x1.z, x2.z, x3.z);
  add(sums, high(left1), high(right1), x0.w, x1.w, x2.w, x3.w);
}

// Scale and offset of eight columns.
struct Scales {
  left: vec4<f32>,
  right: vec4<f32>,
  left_offset: vec4<f32>,
  right_offset: vec4<f32>,
}

// Adds the input that is byte `index` of a word.
fn add_byte(
  sums: ptr<function, Sums>,
  left: vec4<u32>, right: vec4<u32>, index: u32, scales: Scales,
  x0: f32, x1: f32, x2: f32, x3: f32,
) {
  let mask = vec4(0xffu);
  let left_bytes = (left >> vec4(8u * index)) & mask;
  let right_bytes = (right >> vec4(8u * index)) & mask;
  add(
    sums, numbers(left_bytes, scales.left, scales.left_offset), numbers(right_bytes, scales.right, scales.right_offset),
    x0, x1, x2, x3);
}

// Adds four inputs that are the bytes of a word.
fn add_bytes(sums: ptr<function, Sums>, left: vec4<u32>, right: vec4<u32>, scales: Scales, inputs: Inputs) {
  add_byte(sums, left, right, 0u, scales, inputs.row0.x, inputs.row1.x, inputs.row2.x, inputs.row3.x);
  add_byte(sums, left, right, 1u, scales, inputs.row0.y, inputs.row1.y, inputs.row2.y, inputs.row3.y);
  add_byte(sums, left, right, 2u, scales, inputs.row0.z, inputs.row1.z, inputs.row2.z, inputs.row3.z);
  add_byte(sums, left, right, 3u, scales, inputs.row0.w, inputs.row1.w, inputs.row2.w, inputs.row3.w);
}

// Adds sixteen inputs.
fn add_sixteen(sums: ptr<function, Sums>, left: Words, right: Words, scales: Scales, bases: vec4<u32>, k: u32) {
  add_bytes(sums, left.first, right.first, scales, read_inputs(bases, k));
  add_bytes(sums, left.second, right.second, scales, read_inputs(bases, k + 4u));
  add_bytes(sums, left.third, right.third, scales, read_inputs(bases, k + 8u));
  add_bytes(sums, left.fourth, right.fourth, scales, read_inputs(bases, k + 12u));
}

@compute @workgroup_size(16)
fn linear_serial(@builtin(global_invocation_id) id: vec3<u32>) {
  let tile = tile_of(id.y, ROWS);
  let output = tile.first_output + id.x * 8u;
  if (is_empty(tile) || output >= tile.end_output) {
    return;
  }
  let row = tile.first;
  var bases = vec4(x_row(row));
  if (ROWS > 1u) {
    let rows = min(vec4(row, row + 1u, row + 2u, row + 3u), vec4(tile.end - 1u));
    bases = vec4(x_row(rows.x), x_row(rows.y), x_row(rows.z), x_row(rows.w));
  }
  bases *= params.inputs / 4u;
  let last = params.outputs - 1u;
  let places = params.skip + params.inputs;
  var total = Sums();
  for (var chunk = 0u; chunk < places; chunk += CHUNK) {
    var sums = Sums();
    for (var place = chunk; place < min(chunk + CHUNK, places); place += unit_inputs()) {
      let unit = place / unit_inputs();
      let u0 = read_unit(output, unit);
      let u1 = read_unit(min(output + 1u, last), unit);
      let u2 = read_unit(min(output + 2u, last), unit);
      let u3 = read_unit(min(output + 3u, last), unit);
      let u4 = read_unit(min(output + 4u, last), unit);
      let u5 = read_unit(min(output + 5u, last), unit);
      let u6 = read_unit(min(output + 6u, last), unit);
      let u7 = read_unit(min(output + 7u, last), unit);
      let left = by_word(u0.low, u1.low, u2.low, u3.low);
      let right = by_word(u4.low, u5.low, u6.low, u7.low);
      // A place before the first input wraps to one far beyond the last.
      let k = place - params.skip;
      if (WEIGHT_TYPE == F16 || WEIGHT_TYPE == BF16) {
        // The second half of a last block may lie past the inputs: the weight is zero there.
        add_halves(&sums, left.first, right.first, left.second, right.second, read_inputs(bases, k));
        add_halves(&sums, left.third, right.third, left.fourth, right.fourth, read_inputs(bases, k + 4u));
        continue;
      }
      let left_high = by_word(u0.high, u1.high, u2.high, u3.high);
      let right_high = by_word(u4.high, u5.high, u6.high, u7.high);
      if (WEIGHT_TYPE == F32) {
        add_words(&sums, left, right, read_inputs(bases, k));
        add_words(&sums, left_high, right_high, read_inputs(bases, k + 4u));
        continue;
      }
      if (has_f16_scales() && EXPERTS == 0u) {
        // What the units hold of scales is not used, and so not read.
        let eight = eight_scales(output, unit);
        let scales = Scales(eight.first, eight.second, vec4(0.0), vec4(0.0));
        add_sixteen(&sums, left, right, scales, bases, k);
        add_sixteen(&sums, left_high, right_high, scales, bases, k + 16u);
        continue;
      }
      let scales = Scales(
        vec4(u0.scale.x, u1.scale.x, u2.scale.x, u3.scale.x), vec4(u4.scale.x, u5.scale.x, u6.scale.x, u7.scale.x),
        vec4(u0.offset.x, u1.offset.x, u2.offset.x, u3.offset.x),
        vec4(u4.offset.x, u5.offset.x, u6.offset.x, u7.offset.x));
      let scales_high = Scales(
        vec4(u0.scale.y, u1.scale.y, u2.scale.y, u3.scale.y), vec4(u4.scale.y, u5.scale.y, u6.scale.y, u7.scale.y),
        vec4(u0.offset.y, u1.offset.y, u2.offset.y, u3.offset.y),
        vec4(u4.offset.y, u5.offset.y, u6.offset.y, u7.offset.y));
      add_sixteen(&sums, left, right, scales, bases, k);
      add_sixteen(&sums, left_high, right_high, scales_high, bases, k + 16u);
    }
    total.left0 += sums.left0;
    total.left1 += sums.left1;
    total.left2 += sums.left2;
    total.left3 += sums.left3;
    total.right0 += sums.right0;
    total.right1 += sums.right1;
    total.right2 += sums.right2;
    total.right3 += sums.right3;
  }
  store(tile, row, output, total.left0);
  store(tile, row, output + 4u, total.right0);
  if (ROWS > 1u) {
    store(tile, row + 1u, output, total.left1);
    store(tile, row + 1u, output + 4u, total.right1);
    store(tile, row + 2u, output, total.left2);
    store(tile, row + 2u, output + 4u, total.right2);
    store(tile, row + 3u, output, total.left3);
    store(tile, row + 3u, output + 4u, total.right3);
  }
}
