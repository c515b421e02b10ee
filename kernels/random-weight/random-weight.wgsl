// After shared/weight-type.wgsl, shared/pcg.wgsl.
// Random numbers in the blocks of a packed weight: element (row, column) of a tensor is unit times the sum of four
// uniform integers from 0 to 63, less its mean of 126: roughly normal, of deviation sqrt(1365) units. It depends on
// nothing but its four keys (seed, tensor, row, column), so that every split of a model over ranks holds the same
// numbers. At most 7 bits and a power of two: exact in every type, so nothing is ever rounded.
// One thread a block of 16 bytes; threads of neighbouring rows write neighbouring blocks.

struct Params {
  rows: u32,
  inputs: u32,         // columns that the packed weight holds; the rest of a row's last block is zeros
  outputs: u32,        // outputs of the packed weight
  first_output: u32,   // where the first row goes
  output_stride: u32,  // distance between the places of two rows: 2 interleaves two weights
  first_row: u32,      // of the whole tensor
  first_column: u32,   // of the whole tensor
  tensor_key: u32,
  seed: u32,
  unit: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> packed: array<vec4<u32>>;

fn number(row_key: u32, input: u32) -> f32 {
  let hash = pcg((params.first_column + input) ^ row_key);
  // The product's high byte is the sum of the four bytes, which stays below 256.
  let sum = ((hash & 0x3f3f3f3fu) * 0x01010101u) >> 24u;
  return select(0.0, f32(i32(sum) - 126) * params.unit, input < params.inputs);
}

fn word(row_key: u32, block: u32, index: u32) -> u32 {
  if (WEIGHT_TYPE == 0u) {
    return bitcast<u32>(number(row_key, block * 4u + index));
  }
  let input = block * 8u + index * 2u;
  let low = number(row_key, input);
  let high = number(row_key, input + 1u);
  if (WEIGHT_TYPE == 1u) {
    return pack2x16float(vec2(low, high));
  }
  return (bitcast<u32>(low) >> 16u) | (bitcast<u32>(high) & 0xffff0000u);
}

@compute @workgroup_size(64)
fn random_weight(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  let block = id.y;
  if (row >= params.rows) {
    return;
  }
  let key = pcg((params.first_row + row) ^ pcg(params.tensor_key ^ pcg(params.seed)));
  let output = params.first_output + row * params.output_stride;
  packed[block * params.outputs + output] =
    vec4(word(key, block, 0u), word(key, block, 1u), word(key, block, 2u), word(key, block, 3u));
}
