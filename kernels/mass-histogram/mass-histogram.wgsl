// histograms[r] = of the tokens of row r whose place in the order of tokens (see likeliest.wgsl) has the bytes that its
// search has found so far, how many have each value of the next byte, and their masses e^(x - maximum) in fixed point of
// 2^-40. One step of the search for a row that several ranks share: their histograms add up to that of the whole row.
// One workgroup a row.

const THREADS = 256u;
const LEVELS = 9u;

struct Params {
  width: u32,
  first_id: u32,  // id of the row's first score
}

struct Search {
  maximum: f32,  // of the whole row
  nearness: u32,
  order: u32,
  id: u32,
  level: u32,    // bytes that are found; all of them: the row's search is over
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> searches: array<Search>;
@group(0) @binding(3) var<storage, read_write> histograms: array<u32>;  // for each row 256 counts, high words, low words

var<workgroup> counts: array<atomic<u32>, 256>;
var<workgroup> highs: array<atomic<u32>, 256>;
var<workgroup> lows: array<atomic<u32>, 256>;

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

fn order_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if (x == 0.0) {
    return 0x80000000u;
  }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) != 0u);
}

@compute @workgroup_size(THREADS)
fn mass_histogram(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  let search = searches[row];
  let level = search.level;
  let nearness_mask = select(select(0u, 0xff00u, level == 1u), 0xffffu, level >= 2u);
  let order_mask = select(select(0u, 0xffffffffu << (8u * (6u - min(level, 6u))), level > 2u), 0xffffffffu, level >= 6u);
  let id_mask = select(0u, (0xffffffu << (8u * (9u - min(level, 9u)))) & 0xffffffu, level > 6u);
  atomicStore(&counts[thread], 0u);
  atomicStore(&highs[thread], 0u);
  atomicStore(&lows[thread], 0u);
  workgroupBarrier();
  let end = select(params.width, 0u, level >= LEVELS);
  for (var i = thread; i < end; i += THREADS) {
    let x = scores[row * params.width + i];
    let nearness = 65535u - u32(min((search.maximum - x) * 1024.0, 65535.0));
    let order = order_of(x);
    let id = 0xffffffu - params.first_id - i;
    let differs = ((nearness ^ search.nearness) & nearness_mask) | ((order ^ search.order) & order_mask)
      | ((id ^ search.id) & id_mask);
    if (is_finite(x) && differs == 0u) {
      var digit = (nearness >> (8u * (1u - min(level, 1u)))) & 255u;
      if (level >= 6u) {
        digit = (id >> (8u * (8u - level))) & 255u;
      } else if (level >= 2u) {
        digit = (order >> (8u * (5u - level))) & 255u;
      }
      let scaled = exp(x - search.maximum) * 256.0;
      let whole = floor(scaled);
      let low = u32((scaled - whole) * 4294967296.0);
      atomicAdd(&counts[digit], 1u);
      let before = atomicAdd(&lows[digit], low);
      let high = u32(whole) + select(0u, 1u, before + low < before);
      if (high > 0u) {
        atomicAdd(&highs[digit], high);
      }
    }
  }
  workgroupBarrier();
  let to = row * 768u + thread;
  histograms[to] = atomicLoad(&counts[thread]);
  histograms[to + 256u] = atomicLoad(&highs[thread]);
  histograms[to + 512u] = atomicLoad(&lows[thread]);
}
