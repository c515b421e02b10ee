// After shared/weight-type.wgsl, shared/linear-rows.wgsl, shared/soft-cap.wgsl, shared/linear-epilogue.wgsl.
// y[r, n] = sum over k of W[n, k] x[r, k] (and what follows the sum), for many rows: prefill.
//
// A workgroup computes 64 rows by 64 columns, a thread 4 by 4 of them; x and W pass through workgroup memory in slices
// of 16 inputs, so that each value is loaded once a tile.

const SLICE = 16u;
const TILE = 64u;

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
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> routes: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

// [input of the slice][row or column / 4], so that a thread reads its four rows and its four columns as vectors.
var<workgroup> x_slice: array<array<vec4<f32>, 16>, SLICE>;
var<workgroup> w_slice: array<array<vec4<f32>, 16>, SLICE>;

// 256 threads load 64 rows of 16 inputs, four neighbouring inputs each.
fn load_x(tile: Tile, k: u32, thread: u32) {
  let row_in_tile = thread / 4u;
  let place = tile.first + row_in_tile;
  var base = 0u;
  if (place < tile.end) {
    base = x_row(place) * params.inputs;
  }
  for (var i = 0u; i < 4u; i++) {
    let slot = (thread % 4u) * 4u + i;
    var value = 0.0;
    if (place < tile.end && k + slot < params.inputs) {
      value = x[base + k + slot];
    }
    x_slice[slot][row_in_tile / 4u][row_in_tile % 4u] = value;
  }
}

// 64 columns of 16 inputs: two blocks of a column for 16-bit types, four for f32; neighbouring threads take
// neighbouring columns.
fn load_w(first_column: u32, end_column: u32, k: u32, thread: u32) {
  let column_in_tile = thread % TILE;
  let column = first_column + column_in_tile;
  let block_in_slice = thread / TILE;
  let block_size = select(8u, 4u, WEIGHT_TYPE == 0u);
  let slot = block_in_slice * block_size;
  if (slot >= SLICE) {
    return;
  }
  var block = vec4(0u);
  if (column < end_column && k + slot < params.inputs) {
    block = weight[((k + slot) / block_size) * params.outputs + column];
  }
  let group = column_in_tile / 4u;
  let member = column_in_tile % 4u;
  for (var word = 0u; word < 4u; word++) {
    if (WEIGHT_TYPE == 0u) {
      w_slice[slot + word][group][member] = bitcast<f32>(block[word]);
    } else {
      let pair = unpack(block[word]);
      w_slice[slot + word * 2u][group][member] = pair.x;
      w_slice[slot + word * 2u + 1u][group][member] = pair.y;
    }
  }
}

@compute @workgroup_size(256)
fn linear_tiled(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let tile = tile_of(workgroup.y, TILE);
  if (is_empty(tile)) {
    return;
  }
  let first_column = tile.first_output + workgroup.x * TILE;
  let row_group = thread / 16u;
  let column_group = thread % 16u;
  var total0 = vec4(0.0);
  var total1 = vec4(0.0);
  var total2 = vec4(0.0);
  var total3 = vec4(0.0);
  for (var chunk = 0u; chunk < params.inputs; chunk += CHUNK) {
    var sum0 = vec4(0.0);
    var sum1 = vec4(0.0);
    var sum2 = vec4(0.0);
    var sum3 = vec4(0.0);
    for (var k = chunk; k < min(chunk + CHUNK, params.inputs); k += SLICE) {
      load_x(tile, k, thread);
      load_w(first_column, tile.end_output, k, thread);
      workgroupBarrier();
      for (var slot = 0u; slot < SLICE; slot++) {
        let rows = x_slice[slot][row_group];
        let columns = w_slice[slot][column_group];
        sum0 = fma(columns, vec4(rows.x), sum0);
        sum1 = fma(columns, vec4(rows.y), sum1);
        sum2 = fma(columns, vec4(rows.z), sum2);
        sum3 = fma(columns, vec4(rows.w), sum3);
      }
      workgroupBarrier();
    }
    total0 += sum0;
    total1 += sum1;
    total2 += sum2;
    total3 += sum3;
  }
  let place = tile.first + row_group * 4u;
  let output = first_column + column_group * 4u;
  store(tile, place, output, total0);
  store(tile, place + 1u, output, total1);
  store(tile, place + 2u, output, total2);
  store(tile, place + 3u, output, total3);
}
