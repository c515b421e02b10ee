// After shared/attention-heads.wgsl, shared/soft-cap.wgsl.
// out[r, h] = sum over the keys j that row r sees of softmax_j(cap(q[r, h] . k[j] * scale)) v[j]: causal attention with
// grouped queries over the key-value cache (arXiv 1706.03762, 2305.13245), the softmax online (arXiv 1805.02867). A row
// sees keys up to its position, the last `window` of them; position j lies at place j % capacity of the cache.
// cap(x) = cap * tanh(x / cap), or x where cap is 0.
//
// A workgroup computes up to 8 query heads that share a key-value head, for one row and one split of keys, so that
// keys and values are read once for the group and a long sequence is spread over many workgroups. Splits begin at
// multiples of SPLIT, the first where the window does. With one split the result is final; with more, attention-merge
// joins the splits.

override SPLIT: u32 = 128u;  // keys of a split: a multiple of TILE

const THREADS = 64u;
const TILE = 64u;            // keys at a time: one a thread
const GROUP = 8u;            // query heads of a workgroup: no group has more

struct Params {
  query_heads: u32,
  key_value_heads: u32,
  width: u32,
  capacity: u32,
  splits: u32,
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
@group(0) @binding(7) var<storage, read_write> partial_sums: array<vec2<f32>>;
@group(0) @binding(8) var<storage, read_write> out: array<vec4<f32>>;

// The group's queries; after the last tile, each thread's part of the weighted values.
var<workgroup> vectors: array<array<vec4<f32>, MAX_VECTORS>, GROUP>;
var<workgroup> weights: array<array<f32, TILE>, GROUP>;
var<workgroup> lane_values: array<f32, THREADS>;
var<workgroup> maxima: array<f32, GROUP>;
var<workgroup> sums: array<f32, GROUP>;
var<workgroup> rescales: array<f32, GROUP>;

@compute @workgroup_size(THREADS)
fn attention(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  let group = groups[workgroup.y];
  let first_head = group.first_head;
  let heads = group.heads;
  let split = workgroup.z;
  let position = positions[row];
  let first_key = first_key_of(position, params.window);
  let split_key = (first_key / SPLIT + split) * SPLIT;
  let end_key = min(split_key + SPLIT, position + 1u);
  if (split_key >= end_key) {
    return;
  }
  let width4 = params.width / 4u;
  let cache_head = slots[row] * params.key_value_heads + group.key_value_head;

  for (var i = thread; i < heads * width4; i += THREADS) {
    vectors[i / width4][i % width4] = q[(row * params.query_heads + first_head) * width4 + i];
  }
  if (thread < GROUP) {
    maxima[thread] = LOWEST;
    sums[thread] = 0.0;
  }
  workgroupBarrier();

  // For the values a thread owns column thread % width4 and every parts-th key.
  let parts = THREADS / width4;
  let column = thread % width4;
  let part = thread / width4;
  // For the softmax it owns 8 keys of one head.
  let lane_head = thread / 8u;
  let lane = thread % 8u;
  var sum0 = vec4(0.0);
  var sum1 = vec4(0.0);
  var sum2 = vec4(0.0);
  var sum3 = vec4(0.0);
  var sum4 = vec4(0.0);
  var sum5 = vec4(0.0);
  var sum6 = vec4(0.0);
  var sum7 = vec4(0.0);

  for (var tile = max(split_key, first_key / TILE * TILE); tile < end_key; tile += TILE) {
    // A cache that positions go round has room for a tile, so that no tile goes round it twice.
    let tile_place = tile % params.capacity;
    let skipped = max(tile, first_key) - tile;
    let key = tile + thread;
    let place = place_of(tile_place + thread, params.capacity);
    for (var h = 0u; h < GROUP; h++) {
      var score = LOWEST;
      if (key >= first_key && key < end_key && h < heads) {
        var products = vec4(0.0);
        for (var i = 0u; i < width4; i++) {
          products = fma(vectors[h][i], keys[(cache_head * width4 + i) * params.capacity + place], products);
        }
        score = (products.x + products.y + products.z + products.w) * params.scale;
        if (params.cap != 0.0) {
          score = soft_cap(score, params.cap);
        }
      }
      weights[h][thread] = score;
    }
    workgroupBarrier();

    var largest = LOWEST;
    for (var i = 0u; i < TILE / 8u; i++) {
      largest = max(largest, weights[lane_head][i * 8u + lane]);
    }
    lane_values[thread] = largest;
    workgroupBarrier();

    let before = maxima[lane_head];
    var maximum = before;
    for (var i = 0u; i < 8u; i++) {
      maximum = max(maximum, lane_values[lane_head * 8u + i]);
    }
    workgroupBarrier();
    var sum = 0.0;
    for (var i = 0u; i < TILE / 8u; i++) {
      let slot = i * 8u + lane;
      let is_seen = slot >= skipped && tile + slot < end_key;
      let weight = select(0.0, exp(weights[lane_head][slot] - maximum), is_seen);
      weights[lane_head][slot] = weight;
      sum += weight;
    }
    lane_values[thread] = sum;
    workgroupBarrier();
    if (lane == 0u) {
      let rescale = exp(before - maximum);
      var total = sums[lane_head] * rescale;
      for (var i = 0u; i < 8u; i++) {
        total += lane_values[thread + i];
      }
      sums[lane_head] = total;
      maxima[lane_head] = maximum;
      rescales[lane_head] = rescale;
    }
    workgroupBarrier();

    if (part < parts) {
      sum0 *= rescales[0];
      sum1 *= rescales[1];
      sum2 *= rescales[2];
      sum3 *= rescales[3];
      sum4 *= rescales[4];
      sum5 *= rescales[5];
      sum6 *= rescales[6];
      sum7 *= rescales[7];
      // From this thread's first key that is seen: what lies before may be another sequence's, or not finite.
      for (var i = skipped + (part + parts - skipped % parts) % parts; i < min(TILE, end_key - tile); i += parts) {
        let value = values[(cache_head * params.capacity + place_of(tile_place + i, params.capacity)) * width4 + column];
        sum0 = fma(vec4(weights[0][i]), value, sum0);
        sum1 = fma(vec4(weights[1][i]), value, sum1);
        sum2 = fma(vec4(weights[2][i]), value, sum2);
        sum3 = fma(vec4(weights[3][i]), value, sum3);
        sum4 = fma(vec4(weights[4][i]), value, sum4);
        sum5 = fma(vec4(weights[5][i]), value, sum5);
        sum6 = fma(vec4(weights[6][i]), value, sum6);
        sum7 = fma(vec4(weights[7][i]), value, sum7);
      }
    }
    workgroupBarrier();
  }

  vectors[0][thread] = sum0;
  vectors[1][thread] = sum1;
  vectors[2][thread] = sum2;
  vectors[3][thread] = sum3;
  vectors[4][thread] = sum4;
  vectors[5][thread] = sum5;
  vectors[6][thread] = sum6;
  vectors[7][thread] = sum7;
  workgroupBarrier();
  for (var i = thread; i < heads * width4; i += THREADS) {
    let h = i / width4;
    var sum = vec4(0.0);
    for (var p = 0u; p < parts; p++) {
      sum += vectors[h][p * width4 + i % width4];
    }
    if (params.splits == 1u) {
      sum /= sums[h];
    }
    let head = row * params.query_heads + first_head + h;
    out[(head * params.splits + split) * width4 + i % width4] = sum;
  }
  if (thread < heads) {
    let head = row * params.query_heads + first_head + thread;
    partial_sums[head * params.splits + split] = vec2(maxima[thread], sums[thread]);
  }
}
