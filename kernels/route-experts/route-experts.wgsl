// After shared/most-experts.wgsl.
// experts[r, s] = the params.kept largest logits of row r, ties to the lower id, in the order of their ids; weights[r, s] =
// exp(l_s - m) / sum of exp(l - m) with m the largest: over all experts their softmax (arXiv 2101.03961), and with
// NORMALISED over those kept, which is the softmax divided by what is kept of it.
//
// One workgroup a row: the logits wait in workgroup memory, and every thread ranks its own among all of them. Sums go by
// id, so that the bits do not depend on the number of threads.

override THREADS: u32 = 64u;    // 1 on CPU adapters, where a barrier costs more than it saves
override NORMALISED: u32 = 0u;

struct Params {
  experts: u32,  // at most MAX_EXPERTS
  kept: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> experts: array<u32>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;

var<workgroup> keys: array<u32, MAX_EXPERTS>;
var<workgroup> kept: array<u32, MAX_EXPERTS>;
var<workgroup> addends: array<f32, MAX_EXPERTS>;
var<workgroup> first: u32;  // the expert of the largest logit

// Bits in the order of the numbers, zeros being one: so each expert has a place of its own, whatever the logits are.
fn order_of(number: f32) -> u32 {
  let bits = bitcast<u32>(number);
  return select(select(bits | 0x80000000u, ~bits, (bits >> 31u) != 0u), 0x80000000u, number == 0.0);
}

@compute @workgroup_size(THREADS)
fn route_experts(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let base = workgroup.x * params.experts;
  for (var e = thread; e < params.experts; e += THREADS) {
    keys[e] = order_of(logits[base + e]);
  }
  workgroupBarrier();
  for (var e = thread; e < params.experts; e += THREADS) {
    var before = 0u;
    for (var other = 0u; other < params.experts; other++) {
      before += u32(keys[other] > keys[e] || (keys[other] == keys[e] && other < e));
    }
    kept[e] = u32(before < params.kept);
    if (before == 0u) {
      first = e;
    }
  }
  workgroupBarrier();
  let maximum = logits[base + first];
  for (var e = thread; e < params.experts; e += THREADS) {
    addends[e] = select(0.0, exp(logits[base + e] - maximum), NORMALISED == 0u || kept[e] == 1u);
  }
  workgroupBarrier();
  var sum = 0.0;
  for (var e = 0u; e < params.experts; e++) {
    sum += addends[e];
  }
  for (var e = thread; e < params.experts; e += THREADS) {
    if (kept[e] == 1u) {
      var slot = workgroup.x * params.kept;
      for (var other = 0u; other < e; other++) {
        slot += kept[other];
      }
      experts[slot] = e;
      weights[slot] = addends[e] / sum;
    }
  }
}
