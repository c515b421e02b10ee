// After shared/attention-heads.wgsl, shared/soft-cap.wgsl.
// out[r, h] = sum over the keys j that row r sees of softmax_j(cap(q[r, h] . k[j] * scale)) v[j]: causal attention with
// grouped queries over the key-value cache (arXiv 1706.03762, 2305.13245), the softmax online (arXiv 1805.02867). A row
// sees keys up to its position, the last `window` of them; position j lies at place j % capacity of the cache.
// cap(x) = cap * tanh(x / cap), or x where cap is 0.
// One thread a row and head, for CPU adapters, where a barrier costs more than it saves. Sums run over blocks of 64 keys,
// which begin at multiples of 64.

const BLOCK = 64u;

struct Params {
  rows: u32,
  query_heads: u32,
  key_value_heads: u32,
  groups: u32,
  width: u32,
  capacity: u32,
  window: u32,
  scale: f32,
  cap: f32,
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
  let first_key = first_key_of(positions[row], params.window);
  var maximum = LOWEST;
  var total = 0.0;
  var sums: array<vec4<f32>, MAX_VECTORS>;
  for (var i = 0u; i < width4; i++) {
    sums[i] = vec4(0.0);
  }
  for (var block = first_key / BLOCK * BLOCK; block < count; block += BLOCK) {
    let first = max(block, first_key) - block;
    let end = min(BLOCK, count - block);
    // A cache that positions go round has room for a block, so that no block goes round it twice.
    let block_place = block % params.capacity;
    var scores: array<f32, BLOCK>;
    var block_maximum = LOWEST;
    for (var key = first; key < end; key++) {
      let place = place_of(block_place + key, params.capacity);
      var products = vec4(0.0);
      for (var i = 0u; i < width4; i++) {
        products = fma(q[query + i], keys[(cache_head * width4 + i) * params.capacity + place], products);
      }
      var score = (products.x + products.y + products.z + products.w) * params.scale;
      if (params.cap != 0.0) {
        score = soft_cap(score, params.cap);
      }
      scores[key] = score;
      block_maximum = max(block_maximum, score);
    }
    let before = maximum;
    maximum = max(maximum, block_maximum);
    let rescale = exp(before - maximum);
    var block_total = 0.0;
    for (var key = first; key < end; key++) {
      let weight = exp(scores[key] - maximum);
      scores[key] = weight;
      block_total += weight;
    }
    total = fma(total, rescale, block_total);
    for (var i = 0u; i < width4; i++) {
      var sum = vec4(0.0);
      for (var key = first; key < end; key++) {
        let place = place_of(block_place + key, params.capacity);
        sum = fma(vec4(scores[key]), values[(cache_head * params.capacity + place) * width4 + i], sum);
      }
      sums[i] = fma(sums[i], vec4(rescale), sum);
    }
  }
  for (var i = 0u; i < width4; i++) {
    out[query + i] = sums[i] / total;
  }
}
