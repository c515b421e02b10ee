// y[r, n] = sum over k of W[n, k] x[r, k] (+ bias[n], or SiLU-gated pairs), for CPU adapters, where a barrier costs more
// than it saves: a thread computes four neighbouring columns of up to four rows alone.
//
// The order of every sum is that of all variants of this kernel, whatever the number of rows: chunks of 128 inputs are
// each summed in order from zero, and the chunks' sums are added in order.

override WEIGHT_TYPE: u32 = 2u;  // 0 f32, 1 f16, 2 bf16
override EPILOGUE: u32 = 0u;     // 0 none, 1 add bias[n], 2 y[r, i] = silu(even output 2i) * odd output 2i + 1
override ROWS: u32 = 1u;         // 1 or 4

const CHUNK = 128u;

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// Sums of four columns for each of four rows.
struct Sums {
  row0: vec4<f32>,
  row1: vec4<f32>,
  row2: vec4<f32>,
  row3: vec4<f32>,
}

fn unpack(words: vec4<u32>, odd: bool) -> vec4<f32> {
  if (WEIGHT_TYPE == 0u) {
    return bitcast<vec4<f32>>(words);
  }
  if (WEIGHT_TYPE == 1u) {
    let half = select(0u, 1u, odd);
    return vec4(
      unpack2x16float(words.x)[half], unpack2x16float(words.y)[half],
      unpack2x16float(words.z)[half], unpack2x16float(words.w)[half]);
  }
  return bitcast<vec4<f32>>(select(words << vec4(16u), words & vec4(0xffff0000u), odd));
}

fn input(row: u32, k: u32) -> vec4<f32> {
  return vec4(select(0.0, x[row * params.inputs + min(k, params.inputs - 1u)], k < params.inputs));
}

fn add_input(sums: Sums, columns: vec4<f32>, row: u32, k: u32) -> Sums {
  var next = sums;
  next.row0 = fma(columns, input(row, k), sums.row0);
  if (ROWS > 1u) {
    next.row1 = fma(columns, input(min(row + 1u, params.rows - 1u), k), sums.row1);
    next.row2 = fma(columns, input(min(row + 2u, params.rows - 1u), k), sums.row2);
    next.row3 = fma(columns, input(min(row + 3u, params.rows - 1u), k), sums.row3);
  }
  return next;
}

fn add_words(sums: Sums, words: vec4<u32>, row: u32, k: u32) -> Sums {
  var next = add_input(sums, unpack(words, false), row, k);
  if (WEIGHT_TYPE != 0u) {
    next = add_input(next, unpack(words, true), row, k + 1u);
  }
  return next;
}

fn silu(value: f32) -> f32 {
  return value / (1.0 + exp(-value));
}

fn store(row: u32, first_output: u32, values: vec4<f32>) {
  if (row >= params.rows) {
    return;
  }
  for (var i = 0u; i < 4u; i++) {
    let output = first_output + i;
    if (output >= params.outputs) {
      return;
    }
    if (EPILOGUE == 0u) {
      y[row * params.outputs + output] = values[i];
    } else if (EPILOGUE == 1u) {
      y[row * params.outputs + output] = values[i] + bias[output];
    } else if (i % 2u == 0u) {
      y[row * (params.outputs / 2u) + output / 2u] = silu(values[i]) * values[i + 1u];
    }
  }
}

@compute @workgroup_size(32)
fn linear_serial(@builtin(global_invocation_id) id: vec3<u32>) {
  let output = id.x * 4u;
  let row = id.y * ROWS;
  if (output >= params.outputs) {
    return;
  }
  let last = params.outputs - 1u;
  let block_size = select(8u, 4u, WEIGHT_TYPE == 0u);
  let words_inputs = block_size / 4u;
  var total = Sums();
  for (var chunk = 0u; chunk < params.inputs; chunk += CHUNK) {
    var sums = Sums();
    for (var k = chunk; k < min(chunk + CHUNK, params.inputs); k += block_size) {
      let base = (k / block_size) * params.outputs;
      let block0 = weight[base + output];
      let block1 = weight[base + min(output + 1u, last)];
      let block2 = weight[base + min(output + 2u, last)];
      let block3 = weight[base + min(output + 3u, last)];
      sums = add_words(sums, vec4(block0.x, block1.x, block2.x, block3.x), row, k);
      sums = add_words(sums, vec4(block0.y, block1.y, block2.y, block3.y), row, k + words_inputs);
      sums = add_words(sums, vec4(block0.z, block1.z, block2.z, block3.z), row, k + 2u * words_inputs);
      sums = add_words(sums, vec4(block0.w, block1.w, block2.w, block3.w), row, k + 3u * words_inputs);
    }
    total.row0 += sums.row0;
    total.row1 += sums.row1;
    total.row2 += sums.row2;
    total.row3 += sums.row3;
  }
  store(row, output, total.row0);
  if (ROWS > 1u) {
    store(row + 1u, output, total.row1);
    store(row + 2u, output, total.row2);
    store(row + 3u, output, total.row3);
  }
}
