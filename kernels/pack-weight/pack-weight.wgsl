// Lays a plane of a weight's blocks out for the linear kernels: from stored rows of blocks to packed[block, output], an
// element of ELEMENT_BYTES of each block, with neighbouring outputs next to each other. What lies past a row's bytes is
// zeros. Bytes are moved as they are.

override ELEMENT_BYTES: u32 = 16u;  // 16, 4, 2 or 1

struct Params {
  rows: u32,
  first_row: u32,      // of `source`
  row_bytes: u32,      // of a stored row
  block_bytes: u32,    // between two blocks of a row
  plane_offset: u32,   // of the element in its block
  plane_words: u32,    // where the plane begins in `packed`
  plane_outputs: u32,  // elements of a row of the plane
  blocks: u32,         // blocks of a row
  first_cell: u32,     // of elements of less than a word: the first word of a plane's row that rows go to, and how many
  cells: u32,
  first_output: u32,   // where the first row goes
  output_stride: u32,  // distance between the places of two rows: 2 interleaves two weights
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;

// Four bytes of a row from any byte on.
fn word(row: u32, at: u32) -> u32 {
  if (at >= params.row_bytes) {
    return 0u;
  }
  let first = (params.first_row + row) * params.row_bytes + at;
  let shift = 8u * (first % 4u);
  let left = params.row_bytes - at;
  var value = source[first / 4u] >> shift;
  if (shift > 0u && left > 4u - shift / 8u) {
    value |= source[first / 4u + 1u] << (32u - shift);
  }
  return select(value, value & ((1u << (8u * (left % 4u))) - 1u), left < 4u);
}

@compute @workgroup_size(16, 16)
fn pack_weight(@builtin(global_invocation_id) id: vec3<u32>) {
  let block = id.y;
  if (id.x >= params.cells || block >= params.blocks) {
    return;
  }
  let at = block * params.block_bytes + params.plane_offset;
  let first = block * params.plane_outputs;
  if (ELEMENT_BYTES >= 4u) {
    let output = params.first_output + id.x * params.output_stride;
    let to = params.plane_words + (first + output) * (ELEMENT_BYTES / 4u);
    for (var i = 0u; i < ELEMENT_BYTES / 4u; i++) {
      packed[to + i] = word(id.x, at + 4u * i);
    }
    return;
  }
  // Several outputs share a word, which is one thread's alone: a row of the plane is whole words.
  let outputs = 4u / ELEMENT_BYTES;
  let bits = 8u * ELEMENT_BYTES;
  let mask = (1u << bits) - 1u;
  let cell = params.first_cell + id.x;
  let to = params.plane_words + first / outputs + cell;
  var value = packed[to];
  for (var i = 0u; i < outputs; i++) {
    let distance = cell * outputs + i - params.first_output;
    let row = distance / params.output_stride;
    if (cell * outputs + i >= params.first_output && distance % params.output_stride == 0u && row < params.rows) {
      value = (value & ~(mask << (bits * i))) | ((word(row, at) & mask) << (bits * i));
    }
  }
  packed[to] = value;
}
