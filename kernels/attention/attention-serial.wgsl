// After shared/attention-heads.wgsl.
// out[r, h] = sum over keys j <= positions[r] of softmax_j(q[r, h] . k[j] * scale) v[j]: causal attention with grouped
// queries over the key-value cache (arXiv 1706.03762, 2305.13245), the softmax online (arXiv 1805.02867).
// One thread a row and head, for CPU adapters, where a barrier costs more than it saves. Sums run over blocks of 64 keys.

const BLOCK = 64u;

struct Params {
  rows: u32,
  query_heads: u32,
  key_value_heads: u32,
  groups: u32,
  width: u32,
  capacity: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> keys: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read> slots: array<u32>;
@group(0) @binding(6) var<storage, read> groups: array<HeadGroup>;
@group(0) @binding(7) var<storage, read_write> out: array<vec4<f32>>;

fn key_value_head_of(head: u32) -> u32 {
  for (var g = 0u; g < params.groups; g++) {
    if (head < groups[g].first_head + groups[g].heads) {
      return groups[g].key_value_head;
    }
  }
  return 0u;
}

@compute @workgroup_size(4)
fn attention_serial(@builtin(global_invocation_id) id: vec3<u32>) {
  let head = id.x;
  let row = id.y;
  if (head >= params.query_heads || row >= params.rows) {
    return;
  }
  let width4 = params.width / 4u;
  let cache_head = slots[row] * params.key_value_heads + key_value_head_of(head);
  let query = (row * params.query_heads + head) * width4;
  let count = positions[row] + 1u;
  var maximum = LOWEST;
  var total = 0.0;
  var sums: array<vec4<f32>, MAX_VECTORS>;
  for (var i = 0u; i < width4; i++) {
    sums[i] = vec4(0.0);
  }
  for (var first = 0u; first < count; first += BLOCK) {
    let end = min(first + BLOCK, count);
    var scores: array<f32, BLOCK>;
    var block_maximum = LOWEST;
    for (var key = first; key < end; key++) {
      var products = vec4(0.0);
      for (var i = 0u; i < width4; i++) {
        products = fma(q[query + i], keys[(cache_head * width4 + i) * params.capacity + key], products);
      }
      let score = (products.x + products.y + products.z + products.w) * params.scale;
      scores[key - first] = score;
      block_maximum = max(block_maximum, score);
    }
    let before = maximum;
    maximum = max(maximum, block_maximum);
    let rescale = exp(before - maximum);
    var block_total = 0.0;
    for (var key = first; key < end; key++) {
      let weight = exp(scores[key - first] - maximum);
      scores[key - first] = weight;
      block_total += weight;
    }
    total = fma(total, rescale, block_total);
    for (var i = 0u; i < width4; i++) {
      var sum = vec4(0.0);
      for (var key = first; key < end; key++) {
        sum = fma(vec4(scores[key - first]), values[(cache_head * params.capacity + key) * width4 + i], sum);
      }
      sums[i] = fma(sums[i], vec4(rescale), sum);
    }
  }
  for (var i = 0u; i < width4; i++) {
    out[query + i] = sums[i] / total;
  }
}
