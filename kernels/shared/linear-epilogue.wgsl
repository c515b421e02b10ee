// What linear's variants have in common. The order of every sum is that of all of them, whatever the number of rows:
// chunks of 128 inputs are each summed in order from zero, and the chunks' sums are added in order. What follows the sum
// is chosen by EPILOGUE. The kernel declares params, bias and y.

override EPILOGUE: u32 = 0u;  // 0 none, 1 add bias[n], 2 y[r, i] = silu(even output 2i) * odd output 2i + 1

const CHUNK = 128u;

fn silu(value: f32) -> f32 {
  return value / (1.0 + exp(-value));
}

// Stores four neighbouring outputs of the row at a place of a tile that ends at `end`, those of them that there are.
fn store(place: u32, end: u32, first_output: u32, values: vec4<f32>) {
  if (place >= end) {
    return;
  }
  let row = y_row(place);
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
