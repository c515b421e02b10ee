// After shared/attention-heads.wgsl.
// Joins the splits of attention: with maxima m_i, sums s_i and unnormalised outputs o_i of a row's head, M = max m_i,
// out = sum_i e^(m_i - M) o_i / sum_i e^(m_i - M) s_i, in the order of the splits, which are those that hold
// keys the row sees: its bits do not depend on the longest row beside it.

override SPLIT: u32 = 128u;

struct Params {
  rows: u32,
  query_heads: u32,
  width: u32,
  splits: u32,
  window: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial_sums: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> partials: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn attention_merge(@builtin(global_invocation_id) id: vec3<u32>) {
  let width4 = params.width / 4u;
  let head = id.x / width4;
  let column = id.x % width4;
  let row = id.y;
  if (head >= params.query_heads || row >= params.rows) {
    return;
  }
  let first = (row * params.query_heads + head) * params.splits;
  let position = positions[row];
  let used = position / SPLIT + 1u - first_key_of(position, params.window) / SPLIT;
  var maximum = partial_sums[first].x;
  for (var i = 1u; i < used; i++) {
    maximum = max(maximum, partial_sums[first + i].x);
  }
  var total = 0.0;
  var sum = vec4(0.0);
  for (var i = 0u; i < used; i++) {
    let statistics = partial_sums[first + i];
    // Exactly 1 for the maximum, so that one split alone keeps its bits.
    let rescale = select(exp(statistics.x - maximum), 1.0, statistics.x == maximum);
    total = fma(statistics.y, rescale, total);
    sum = fma(partials[(first + i) * width4 + column], vec4(rescale), sum);
  }
  out[(row * params.query_heads + head) * width4 + column] = sum / total;
}
