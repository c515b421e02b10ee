// After shared/finite.wgsl, shared/sort-key.wgsl, shared/mass-buckets.wgsl.
// histograms[r] = of the tokens of row r whose sort key has the bytes that its search has found so far, how many have each
// value of the next byte, and their masses. One step of the search for a row that several ranks share: their histograms
// add up to that of the whole row. One workgroup a row.

const THREADS = 256u;

struct Params {
  width: u32,
  first_id: u32,  // id of the row's first score
}

struct Search {
  bound: Bound,  // the maximum of the whole row, and the bytes that are found
  level: u32,    // how many; all of them: the row's search is over
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> searches: array<Search>;
@group(0) @binding(3) var<storage, read_write> histograms: array<u32>;  // for each row 256 counts, high words, low words

@compute @workgroup_size(THREADS)
fn mass_histogram(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  let search = searches[row];
  let found = first_bytes(search.level);
  clear_bucket(thread);
  workgroupBarrier();
  let end = select(params.width, 0u, search.level >= LEVELS);
  for (var i = thread; i < end; i += THREADS) {
    let x = scores[row * params.width + i];
    if (is_finite(x)) {
      let key = sort_key(x, search.bound.maximum, params.first_id + i);
      if (agree_in(found, key, search.bound.key)) {
        count_token(byte_of(key, search.level), x, search.bound.maximum);
      }
    }
  }
  workgroupBarrier();
  let to = row * 768u + thread;
  histograms[to] = atomicLoad(&counts[thread]);
  histograms[to + 256u] = atomicLoad(&highs[thread]);
  histograms[to + 512u] = atomicLoad(&lows[thread]);
}
