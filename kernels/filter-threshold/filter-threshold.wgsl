// After shared/finite.wgsl, shared/workgroup-tree.wgsl, shared/sort-key.wgsl, shared/mass-buckets.wgsl.
// bounds[r] = where the likeliest tokens of row r end that top-k and then top-p keep: the k first, and of these the fewest
// whose probabilities reach the share p (arXiv 1904.09751), in the order of sort keys. The bound is found from its highest
// byte on: a histogram of the tokens that share the bytes found so far says which value of the next byte holds the last
// token that is kept. Where that is a single token, which two bytes nearly always tell, the search is over.
// One workgroup a row.

const THREADS = 256u;

struct Params {
  width: u32,
  top_k: u32,  // 0: no bound
  top_p: f32,  // 1 and above: no bound
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read_write> bounds: array<Bound>;

var<workgroup> bound: Bound;
var<workgroup> done: u32;
// Of the tokens before those that the search is narrowed to; after a search of top-k's, the mass that it keeps.
var<workgroup> count_before: u32;
var<workgroup> mass_before: Mass;
var<workgroup> target_mass: Mass;
var<workgroup> kept: Mass;

fn set_byte(level: u32, value: u32) {
  if (level < 2u) {
    bound.key.high |= value << (8u * (1u - level));
  } else if (level < 6u) {
    bound.key.middle |= value << (8u * (5u - level));
  } else {
    bound.key.low |= value << (8u * (8u - level));
  }
}

fn add(a: Mass, b: Mass) -> Mass {
  let low = a.low + b.low;
  return Mass(a.high + b.high + select(0u, 1u, low < a.low), low);
}

fn mass_of_bucket(bucket: u32) -> Mass {
  return Mass(atomicLoad(&highs[bucket]), atomicLoad(&lows[bucket]));
}

fn share_of(whole: Mass, share: f32) -> Mass {
  return fixed((f32(whole.high) + f32(whole.low) * 0x1p-32) * share);
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
      set_byte(level, bucket);
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

fn search(row: u32, maximum: f32, thread: u32, by_count: bool) {
  if (thread == 0u) {
    bound = Bound(maximum, SortKey());
    count_before = 0u;
    mass_before = Mass(0u, 0u);
  }
  for (var level = 0u; level < LEVELS; level++) {
    clear_bucket(thread);
    workgroupBarrier();
    let found = bound.key;
    let found_bytes = first_bytes(level);
    for (var i = thread; i < params.width; i += THREADS) {
      let x = scores[row * params.width + i];
      if (is_finite(x)) {
        let key = sort_key(x, maximum, i);
        if (agree_in(found_bytes, key, found)) {
          count_token(byte_of(key, level), x, maximum);
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
fn filter_threshold(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  var largest = LOWEST;
  for (var i = thread; i < params.width; i += THREADS) {
    let x = scores[row * params.width + i];
    if (is_finite(x)) {
      largest = max(largest, x);
    }
  }
  let maximum = maximum_of_threads(largest, thread);
  if (thread == 0u) {
    bound = Bound(maximum, SortKey());
    kept = Mass(0u, 0u);
  }
  if (params.top_k > 0u) {
    search(row, maximum, thread, true);
  }
  if (params.top_p < 1.0) {
    search(row, maximum, thread, false);
  }
  if (thread == 0u) {
    bounds[row] = bound;
  }
}
