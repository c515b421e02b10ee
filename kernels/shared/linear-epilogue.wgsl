// After shared/linear-rows.wgsl, shared/soft-cap.wgsl.
// What linear's variants have in common. The order of every sum is that of all of them, whatever the number of rows:
// chunks of 128 inputs are each summed in order from zero, and the chunks' sums are added in order. What follows the sum
// is chosen by BIAS, then EPILOGUE. The kernel declares params, bias and y.

override BIAS: u32 = 0u;      // 1: bias[n] is added first
// 0 nothing; 1 y = scale * sum, soft-capped where cap is not 0; 2 y[r, i] = gate(output 2i) * output 2i + 1;
// 3 y = gate(sum) * y, where y holds the other outputs of the pairs
override EPILOGUE: u32 = 0u;
override GATE: u32 = 0u;      // 0 SiLU, 1 GELU by its tanh approximation

const CHUNK = 128u;

// x * sigmoid(x), and x * (1 + tanh(u)) / 2 = x * sigmoid(2u) with u = sqrt(2 / pi) * (x + 0.044715 x^3).
fn gate(value: f32) -> f32 {
  if (GATE == 0u) {
    return value / (1.0 + exp(-value));
  }
  let twice = 1.5957691216057308 * fma(0.044715 * value * value, value, value);
  return value / (1.0 + exp(min(-twice, 87.0)));
}

// The output's number in the whole weight, of which this may be a piece.
fn place(output: u32) -> u32 {
  return params.first_output + output * params.output_stride;
}

fn add_bias(value: f32, output: u32) -> f32 {
  if (BIAS == 1u) {
    return value + bias[place(output)];
  }
  return value;
}

// Stores what becomes of an output's sum; with EPILOGUE 2 of an even output's and `up`, the sum of the one after it.
fn store_one(tile: Tile, row: u32, output: u32, sum: f32, up: f32) {
  let output_of_expert = place(output) - tile.expert * params.expert_outputs * params.output_stride;
  let at = row * params.columns + (output_of_expert >> params.halving);
  let value = add_bias(sum, output);
  if (EPILOGUE == 0u) {
    y[at] = value;
  } else if (EPILOGUE == 1u) {
    let scaled = params.scale * value;
    if (params.cap > 0.0) {
      y[at] = soft_cap(scaled, params.cap);
    } else {
      y[at] = scaled;
    }
  } else if (EPILOGUE == 2u) {
    y[at] = gate(value) * add_bias(up, output + 1u);
  } else {
    y[at] = gate(value) * y[at];
  }
}

// Stores four neighbouring outputs of the row at a place of a tile, those of them that there are.
fn store(tile: Tile, row_place: u32, first_output: u32, values: vec4<f32>) {
  if (row_place >= tile.end) {
    return;
  }
  let row = y_row(row_place);
  for (var i = 0u; i < 4u; i++) {
    let output = first_output + i;
    if (output >= tile.end_output) {
      return;
    }
    if (EPILOGUE != 2u) {
      store_one(tile, row, output, values[i], 0.0);
    } else if (i % 2u == 0u) {
      store_one(tile, row, output, values[i], values[i + 1u]);
    }
  }
}
