// bounds[r] = where the likeliest tokens of row r end that top-k and then top-p keep: the k first, and of these the fewest
// whose probabilities reach the share p (arXiv 1904.09751), in the order of scores, ties by the lower id.
// The place of a token in that order is a number of nine bytes: its distance from the maximum in steps of 2^-10 nats (two
// bytes, the smaller the larger), the order of its score's bits (four), and its id (three). The bound is found from its
// highest byte on: a histogram of the tokens that share the bytes found so far says which value of the next byte holds the
// last token that is kept. Where that is a single token, which two bytes nearly always tell, the search is over.
// Masses e^(x - maximum) are added in fixed point of 2^-40, so that their sums do not depend on any order.
// One workgroup a row. What is not finite has no place.

const THREADS = 256u;
const LEVELS = 9u;
const LOWEST = -3.4028234e38;

struct Params {
  width: u32,
  top_k: u32,  // 0: no bound
  top_p: f32,  // 1 and above: no bound
}

// A token is kept where its place is not below.
struct Bound {
  maximum: f32,
  nearness: u32,
  order: u32,
  id: u32,
}

// In units of 2^-40.
struct Mass {
  high: u32,
  low: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read_write> bounds: array<Bound>;

var<workgroup> maxima: array<f32, THREADS>;
var<workgroup> counts: array<atomic<u32>, 256>;
var<workgroup> highs: array<atomic<u32>, 256>;
var<workgroup> lows: array<atomic<u32>, 256>;
var<workgroup> bound: Bound;
var<workgroup> done: u32;
// Of the tokens before those that the search is narrowed to; after a search of top-k's, the mass that it keeps.
var<workgroup> count_before: u32;
var<workgroup> mass_before: Mass;
var<workgroup> target_mass: Mass;
var<workgroup> kept: Mass;

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

fn nearness_of(x: f32) -> u32 {
  return 65535u - u32(min((maxima[0] - x) * 1024.0, 65535.0));
}

fn order_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if (x == 0.0) {
    return 0x80000000u;
  }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) != 0u);
}

fn id_of(token: u32) -> u32 {
  return 0xffffffu - token;
}

// Whether a place has the bytes above `level` of the bound.
fn is_within(level: u32, nearness: u32, order: u32, id: u32) -> bool {
  let nearness_mask = select(select(0u, 0xff00u, level == 1u), 0xffffu, level >= 2u);
  let order_mask = select(select(0u, 0xffffffffu << (8u * (6u - min(level, 6u))), level > 2u), 0xffffffffu, level >= 6u);
  let id_mask = select(0u, (0xffffffu << (8u * (9u - level))) & 0xffffffu, level > 6u);
  return ((nearness ^ bound.nearness) & nearness_mask) == 0u && ((order ^ bound.order) & order_mask) == 0u
    && ((id ^ bound.id) & id_mask) == 0u;
}

fn digit_of(level: u32, nearness: u32, order: u32, id: u32) -> u32 {
  if (level < 2u) {
    return (nearness >> (8u * (1u - level))) & 255u;
  }
  if (level < 6u) {
    return (order >> (8u * (5u - level))) & 255u;
  }
  return (id >> (8u * (8u - level))) & 255u;
}

fn set_digit(level: u32, digit: u32) {
  if (level < 2u) {
    bound.nearness |= digit << (8u * (1u - level));
  } else if (level < 6u) {
    bound.order |= digit << (8u * (5u - level));
  } else {
    bound.id |= digit << (8u * (8u - level));
  }
}

fn mass_of(x: f32) -> Mass {
  let scaled = exp(x - maxima[0]) * 256.0;
  let high = floor(scaled);
  return Mass(u32(high), u32((scaled - high) * 4294967296.0));
}

fn add(a: Mass, b: Mass) -> Mass {
  let low = a.low + b.low;
  return Mass(a.high + b.high + select(0u, 1u, low < a.low), low);
}

fn mass_of_bucket(bucket: u32) -> Mass {
  return Mass(atomicLoad(&highs[bucket]), atomicLoad(&lows[bucket]));
}

fn share_of(whole: Mass, share: f32) -> Mass {
  let scaled = (f32(whole.high) + f32(whole.low) * 0x1p-32) * share;
  let high = floor(scaled);
  return Mass(u32(high), u32((scaled - high) * 4294967296.0));
}

// Takes the histogram of a byte of the bound: one thread's work.
fn take(level: u32, by_count: bool) {
  if (level == 0u && !by_count) {
    var whole = kept;
    if (params.top_k == 0u) {
      for (var bucket = 0u; bucket < 256u; bucket++) {
        whole = add(whole, mass_of_bucket(bucket));
      }
    }
    target_mass = share_of(whole, params.top_p);
  }
  for (var left = 256u; left > 0u; left--) {
    let bucket = left - 1u;
    let here = atomicLoad(&counts[bucket]);
    let count = count_before + here;
    let mass = add(mass_before, mass_of_bucket(bucket));
    let reaches = mass.high > target_mass.high || (mass.high == target_mass.high && mass.low >= target_mass.low);
    if (here > 0u && select(reaches, count >= params.top_k, by_count)) {
      set_digit(level, bucket);
      kept = mass;
      done = select(0u, 1u, here == 1u || (by_count && count == params.top_k));
      return;
    }
    count_before = count;
    mass_before = mass;
  }
  // There are not so many: all are kept.
  kept = mass_before;
  done = 1u;
}

fn search(row: u32, thread: u32, by_count: bool) {
  if (thread == 0u) {
    bound = Bound(maxima[0], 0u, 0u, 0u);
    count_before = 0u;
    mass_before = Mass(0u, 0u);
  }
  for (var level = 0u; level < LEVELS; level++) {
    atomicStore(&counts[thread], 0u);
    atomicStore(&highs[thread], 0u);
    atomicStore(&lows[thread], 0u);
    workgroupBarrier();
    for (var i = thread; i < params.width; i += THREADS) {
      let x = scores[row * params.width + i];
      if (is_finite(x)) {
        let nearness = nearness_of(x);
        let order = order_of(x);
        if (is_within(level, nearness, order, id_of(i))) {
          let digit = digit_of(level, nearness, order, id_of(i));
          let mass = mass_of(x);
          atomicAdd(&counts[digit], 1u);
          let before = atomicAdd(&lows[digit], mass.low);
          let high = mass.high + select(0u, 1u, before + mass.low < before);
          if (high > 0u) {
            atomicAdd(&highs[digit], high);
          }
        }
      }
    }
    workgroupBarrier();
    if (thread == 0u) {
      take(level, by_count);
    }
    if (workgroupUniformLoad(&done) != 0u) {
      break;
    }
  }
}

@compute @workgroup_size(THREADS)
fn likeliest(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  var largest = LOWEST;
  for (var i = thread; i < params.width; i += THREADS) {
    let x = scores[row * params.width + i];
    if (is_finite(x)) {
      largest = max(largest, x);
    }
  }
  maxima[thread] = largest;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) {
      maxima[thread] = max(maxima[thread], maxima[thread + half]);
    }
    workgroupBarrier();
  }
  if (thread == 0u) {
    bound = Bound(maxima[0], 0u, 0u, 0u);
    kept = Mass(0u, 0u);
  }
  if (params.top_k > 0u) {
    search(row, thread, true);
  }
  if (params.top_p < 1.0) {
    search(row, thread, false);
  }
  if (thread == 0u) {
    bounds[row] = bound;
  }
}
