// The rows and outputs that a workgroup of a linear kernel computes: a tile. Without EXPERTS its places are rows, of x and of
// y alike, and its outputs all of the piece. With it W holds the outputs of several experts one after another, of which a
// piece may end within one; a row of y is one of the params.rows pairs of a row of x and one of its experts, of which it
// has params.experts_of_row one after another, and a tile's pairs share their expert. The kernel declares params and routes.

override EXPERTS: u32 = 0u;  // 1 pair p, alone in its tile, has expert routes[p]; 2 routes lists pairs, then tiles of them

struct Tile {
  first: u32,         // place
  end: u32,
  expert: u32,
  first_output: u32,  // of the piece
  end_output: u32,
}

fn tile_of(index: u32, rows: u32) -> Tile {
  if (EXPERTS == 0u) {
    return Tile(index * rows, min((index + 1u) * rows, params.rows), 0u, 0u, params.outputs);
  }
  var tile = Tile(index, index + 1u, 0u, 0u, 0u);
  if (EXPERTS == 1u) {
    tile.expert = routes[index];
  } else {
    let at = params.rows + index * 3u;
    tile.first = routes[at];
    tile.end = routes[at + 1u];
    tile.expert = routes[at + 2u];
  }
  let before = params.first_output / params.output_stride;
  let first = tile.expert * params.expert_outputs;
  tile.first_output = max(first, before) - before;
  tile.end_output = min(max(first + params.expert_outputs, before) - before, params.outputs);
  return tile;
}

fn is_empty(tile: Tile) -> bool {
  return tile.first >= tile.end || tile.first_output >= tile.end_output;
}

fn y_row(place: u32) -> u32 {
  if (EXPERTS == 2u) {
    return routes[place];
  }
  return place;
}

fn x_row(place: u32) -> u32 {
  if (EXPERTS == 0u) {
    return place;
  }
  return y_row(place) / params.experts_of_row;
}
