// After shared/most-experts.wgsl.
// list = [the pairs of a row and one of its experts, by expert][tiles of at most params.tile_rows of them: first and end of the
// tile in the list, and its expert]. Tiles that are left over are empty.
//
// One workgroup. Where a pair stands among its expert's is left to the threads: no pair's numbers depend on it.

override THREADS: u32 = 256u;  // 1 on CPU adapters

struct Params {
  pairs: u32,
  experts: u32,  // at most MAX_EXPERTS
  tile_rows: u32,
  tiles: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> experts: array<u32>;
@group(0) @binding(2) var<storage, read_write> list: array<u32>;

var<workgroup> places: array<atomic<u32>, MAX_EXPERTS>;  // pairs of an expert, then the place of the next
var<workgroup> used_tiles: u32;

fn set_tile(tile: u32, first: u32, end: u32, expert: u32) {
  let at = params.pairs + tile * 3u;
  list[at] = first;
  list[at + 1u] = end;
  list[at + 2u] = expert;
}

@compute @workgroup_size(THREADS)
fn route_experts_tiles(@builtin(local_invocation_index) thread: u32) {
  for (var e = thread; e < params.experts; e += THREADS) {
    atomicStore(&places[e], 0u);
  }
  workgroupBarrier();
  for (var pair = thread; pair < params.pairs; pair += THREADS) {
    atomicAdd(&places[experts[pair]], 1u);
  }
  workgroupBarrier();
  if (thread == 0u) {
    var place = 0u;
    var tile = 0u;
    for (var e = 0u; e < params.experts; e++) {
      let end = place + atomicLoad(&places[e]);
      atomicStore(&places[e], place);
      for (; place < end; place = min(place + params.tile_rows, end)) {
        set_tile(tile, place, min(place + params.tile_rows, end), e);
        tile++;
      }
    }
    used_tiles = tile;
  }
  workgroupBarrier();
  for (var tile = used_tiles + thread; tile < params.tiles; tile += THREADS) {
    set_tile(tile, 0u, 0u, 0u);
  }
  for (var pair = thread; pair < params.pairs; pair += THREADS) {
    list[atomicAdd(&places[experts[pair]], 1u)] = pair;
  }
}
