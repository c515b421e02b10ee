// After shared/weight-type.wgsl, shared/linear-rows.wgsl, shared/soft-cap.wgsl, shared/linear-epilogue.wgsl.
// y[r, n] = sum over k of W[n, k] x[r, k] (and what follows the sum), for CPU adapters, where a barrier costs more
// than it saves: a thread computes eight neighbouring columns of up to four rows alone, so that each load serves many products.
// The number of inputs is a multiple of 4.

override ROWS: u32 = 1u;  // 1 or 4

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
  first_output: u32,   // where in the whole weight these outputs lie
  output_stride: u32,
  columns: u32,        // of y
  halving: u32,        // 1 where a column of y is made of two outputs
  scale: f32,
  cap: f32,
  expert_outputs: u32,  // of those in the piece's stride; 0 without experts
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

fn low(words: vec4<u32>) -> vec4<f32> {
  if (WEIGHT_TYPE == 1u) {
    return vec4(
      unpack2x16float(words.x).x, unpack2x16float(words.y).x, unpack2x16float(words.z).x, unpack2x16float(words.w).x);
  }
  return bitcast<vec4<f32>>(words << vec4(16u));
}

fn high(words: vec4<u32>) -> vec4<f32> {
  if (WEIGHT_TYPE == 1u) {
    return vec4(
      unpack2x16float(words.x).y, unpack2x16float(words.y).y, unpack2x16float(words.z).y, unpack2x16float(words.w).y);
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

@compute @workgroup_size(16)
fn linear_serial(@builtin(global_invocation_id) id: vec3<u32>) {
  let tile = tile_of(id.y, ROWS);
  let output = tile.first_output + id.x * 8u;
  if (is_empty(tile) || output >= tile.end_output) {
    return;
  }
  let last = params.outputs - 1u;
  let vectors = params.inputs / 4u;
  let row0 = x_row(tile.first) * vectors;
  let row1 = x_row(min(tile.first + 1u, tile.end - 1u)) * vectors;
  let row2 = x_row(min(tile.first + 2u, tile.end - 1u)) * vectors;
  let row3 = x_row(min(tile.first + 3u, tile.end - 1u)) * vectors;
  let block_vectors = select(2u, 1u, WEIGHT_TYPE == 0u);
  var total = Sums();
  for (var chunk = 0u; chunk < vectors; chunk += CHUNK / 4u) {
    var sums = Sums();
    for (var v = chunk; v < min(chunk + CHUNK / 4u, vectors); v += block_vectors) {
      let base = (v / block_vectors) * params.outputs;
      let b0 = weight[base + output];
      let b1 = weight[base + min(output + 1u, last)];
      let b2 = weight[base + min(output + 2u, last)];
      let b3 = weight[base + min(output + 3u, last)];
      let b4 = weight[base + min(output + 4u, last)];
      let b5 = weight[base + min(output + 5u, last)];
      let b6 = weight[base + min(output + 6u, last)];
      let b7 = weight[base + min(output + 7u, last)];
      let left0 = vec4(b0.x, b1.x, b2.x, b3.x);
      let left1 = vec4(b0.y, b1.y, b2.y, b3.y);
      let left2 = vec4(b0.z, b1.z, b2.z, b3.z);
      let left3 = vec4(b0.w, b1.w, b2.w, b3.w);
      let right0 = vec4(b4.x, b5.x, b6.x, b7.x);
      let right1 = vec4(b4.y, b5.y, b6.y, b7.y);
      let right2 = vec4(b4.z, b5.z, b6.z, b7.z);
      let right3 = vec4(b4.w, b5.w, b6.w, b7.w);
      var x0 = x[row0 + v];
      var x1 = vec4(0.0);
      var x2 = vec4(0.0);
      var x3 = vec4(0.0);
      if (ROWS > 1u) {
        x1 = x[row1 + v];
        x2 = x[row2 + v];
        x3 = x[row3 + v];
      }
      if (WEIGHT_TYPE == 0u) {
        add(&sums, bitcast<vec4<f32>>(left0), bitcast<vec4<f32>>(right0), x0.x, x1.x, x2.x, x3.x);
        add(&sums, bitcast<vec4<f32>>(left1), bitcast<vec4<f32>>(right1), x0.y, x1.y, x2.y, x3.y);
        add(&sums, bitcast<vec4<f32>>(left2), bitcast<vec4<f32>>(right2), x0.z, x1.z, x2.z, x3.z);
        add(&sums, bitcast<vec4<f32>>(left3), bitcast<vec4<f32>>(right3), x0.w, x1.w, x2.w, x3.w);
      } else {
        add(&sums, low(left0), low(right0), x0.x, x1.x, x2.x, x3.x);
        add(&sums, high(left0), high(right0), x0.y, x1.y, x2.y, x3.y);
        add(&sums, low(left1), low(right1), x0.z, x1.z, x2.z, x3.z);
        add(&sums, high(left1), high(right1), x0.w, x1.w, x2.w, x3.w);
        // The second half of a last block lies past the inputs where these are no multiple of 8: the weight is zero there.
        let next = min(v + 1u, vectors - 1u);
        x0 = x[row0 + next];
        if (ROWS > 1u) {
          x1 = x[row1 + next];
          x2 = x[row2 + next];
          x3 = x[row3 + next];
        }
        add(&sums, low(left2), low(right2), x0.x, x1.x, x2.x, x3.x);
        add(&sums, high(left2), high(right2), x0.y, x1.y, x2.y, x3.y);
        add(&sums, low(left3), low(right3), x0.z, x1.z, x2.z, x3.z);
        add(&sums, high(left3), high(right3), x0.w, x1.w, x2.w, x3.w);
      }
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
  store(tile, tile.first, output, total.left0);
  store(tile, tile.first, output + 4u, total.right0);
  if (ROWS > 1u) {
    store(tile, tile.first + 1u, output, total.left1);
    store(tile, tile.first + 1u, output + 4u, total.right1);
    store(tile, tile.first + 2u, output, total.left2);
    store(tile, tile.first + 2u, output + 4u, total.right2);
    store(tile, tile.first + 3u, output, total.left3);
    store(tile, tile.first + 3u, output + 4u, total.right3);
  }
}
