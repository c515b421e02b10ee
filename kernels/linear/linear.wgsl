// After shared/weight-type.wgsl, shared/weight-blocks.wgsl, shared/linear-rows.wgsl, shared/soft-cap.wgsl, shared/linear-epilogue.wgsl.
// y[r, n] = sum over k of W[n, k] x[r, k] (and what follows the sum), for few rows: decoding.
//
// Bound by reading W once: 16 columns next to each other make every load of a subgroup contiguous, and 16 lanes of
// threads share the inputs of a column for enough loads in flight.

override ROWS: u32 = 1u;         // rows that a workgroup computes with one reading of W: 1 to 8
override COLUMNS: u32 = 16u;
override LANES: u32 = 16u;       // at least ROWS
override VECTORS: u32 = 0u;      // 1 where inputs and skip are multiples of 4: x is read by fours
override IS_CUT: u32 = 0u;       // 1 where blocks hold inputs of other ranks beside this weight's

const MAX_ROWS = 8u;

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
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> x_vectors: array<vec4<f32>>;  // the same memory
@group(0) @binding(3) var<storage, read> weight: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> routes: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

var<workgroup> chunk_sums: array<f32, LANES * ROWS * COLUMNS>;

// Input k of the row of x that begins at `base`, zero outside.
fn input(base: u32, k: u32) -> f32 {
  return select(0.0, x[base + min(k, params.inputs - 1u)], k < params.inputs);
}

// Four inputs of a row. Outside zeros, or what is multiplied by zeros.
fn four_inputs(base: u32, k: u32) -> vec4<f32> {
  if (VECTORS == 1u) {
    let vectors = params.inputs / 4u;
    let found = x_vectors[base / 4u + min(k / 4u, vectors - 1u)];
    return select(found, vec4(0.0), IS_CUT == 1u && k >= params.inputs);
  }
  return vec4(input(base, k), input(base, k + 1u), input(base, k + 2u), input(base, k + 3u));
}

// Adds to `sum` four products in the order of the inputs.
fn add_four(sum: f32, w: vec4<f32>, inputs: vec4<f32>) -> f32 {
  return fma(w.w, inputs.w, fma(w.z, inputs.z, fma(w.y, inputs.y, fma(w.x, inputs.x, sum))));
}

@compute @workgroup_size(COLUMNS * LANES)
fn linear(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let column = thread % COLUMNS;
  let lane = thread / COLUMNS;
  let tile = tile_of(workgroup.y, ROWS);
  if (is_empty(tile)) {
    return;
  }
  let output = tile.first_output + workgroup.x * COLUMNS + column;
  var bases: array<u32, MAX_ROWS>;
  for (var row = 0u; row < ROWS; row++) {
    bases[row] = x_row(min(tile.first + row, tile.end - 1u)) * params.inputs;
  }
  let places = params.skip + params.inputs;
  let chunks = (places + CHUNK - 1u) / CHUNK;
  // Lane r also adds up the chunks' sums of row r.
  var total = 0.0;
  for (var first_chunk = 0u; first_chunk < chunks; first_chunk += LANES) {
    var sums: array<f32, MAX_ROWS>;
    // Declared anew, so zero by WGSL's rules; SwiftShader keeps the values of the iteration before.
    for (var row = 0u; row < ROWS; row++) {
      sums[row] = 0.0;
    }
    let chunk = first_chunk + lane;
    if (chunk < chunks && output < tile.end_output) {
      let end = min((chunk + 1u) * CHUNK, places);
      for (var place = chunk * CHUNK; place < end; place += unit_inputs()) {
        let unit = read_unit(output, place / unit_inputs());
        for (var part = 0u; part < unit_inputs() / 8u; part++) {
          let w = eight_of(unit, part);
          // A place before the first input wraps to one far beyond the last.
          let k = place + 8u * part - params.skip;
          for (var row = 0u; row < ROWS; row++) {
            let sum = add_four(sums[row], w.first, four_inputs(bases[row], k));
            sums[row] = add_four(sum, w.second, four_inputs(bases[row], k + 4u));
          }
        }
      }
    }
    for (var row = 0u; row < ROWS; row++) {
      chunk_sums[(lane * ROWS + row) * COLUMNS + column] = sums[row];
    }
    workgroupBarrier();
    if (lane < ROWS) {
      for (var c = 0u; c < min(LANES, chunks - first_chunk); c++) {
        total += chunk_sums[(c * ROWS + lane) * COLUMNS + column];
      }
    }
    workgroupBarrier();
  }
  if (EPILOGUE == 2u) {
    if (lane < ROWS) {
      chunk_sums[lane * COLUMNS + column] = total;
    }
    workgroupBarrier();
  }
  if (lane >= ROWS || tile.first + lane >= tile.end || output >= tile.end_output) {
    return;
  }
  let row = y_row(tile.first + lane);
  if (EPILOGUE != 2u) {
    store_one(tile, row, output, total, 0.0);
  } else if (output % 2u == 0u) {
    store_one(tile, row, output, total, chunk_sums[lane * COLUMNS + column + 1u]);
  }
}
