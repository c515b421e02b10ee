// Lays a weight's rows out for the linear kernels: from row-major [rows, inputs] to blocks of 16 bytes of one row,
// with neighbouring outputs next to each other: packed[block, output] holds `block_size` inputs of one output.
// A block that reaches past `inputs` is filled with zeros. 16-bit types are moved as bits.

override ELEMENT_BYTES: u32 = 2u;

struct Params {
  rows: u32,           // rows in `source`
  inputs: u32,         // elements of a row
  outputs: u32,        // outputs of the packed weight
  first_output: u32,   // where row 0 goes
  output_stride: u32,  // distance between the places of two rows: 2 interleaves two weights
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> packed: array<vec4<u32>>;

fn element(row: u32, input: u32) -> u32 {
  if (input >= params.inputs) {
    return 0u;
  }
  let index = row * params.inputs + input;
  if (ELEMENT_BYTES == 4u) {
    return source[index];
  }
  return (source[index / 2u] >> (16u * (index % 2u))) & 0xffffu;
}

fn word(row: u32, block: u32, index: u32) -> u32 {
  if (ELEMENT_BYTES == 4u) {
    return element(row, block * 4u + index);
  }
  let input = block * 8u + index * 2u;
  return element(row, input) | (element(row, input + 1u) << 16u);
}

@compute @workgroup_size(16, 16)
fn pack_weight(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  let block = id.y;
  if (row >= params.rows || block * (16u / ELEMENT_BYTES) >= params.inputs) {
    return;
  }
  let output = params.first_output + row * params.output_stride;
  packed[block * params.outputs + output] =
    vec4(word(row, block, 0u), word(row, block, 1u), word(row, block, 2u), word(row, block, 3u));
}
