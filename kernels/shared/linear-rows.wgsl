// The rows that a workgroup of a linear kernel computes together: a tile of them. Without EXPERTS a place is a row, of x and
// of y alike. With it W holds the outputs of several experts one after another, and a row of y is one of the
// params.rows pairs of a row of x and one of its experts, of which it has params.experts_of_row one after another. Pairs of
// a tile share their expert. The kernel declares params and routes.

override EXPERTS: u32 = 0u;  // 1 pair p, alone in its tile, has expert routes[p]; 2 routes lists pairs, then tiles of them

struct Tile {
  first: u32,   // place
  end: u32,
  expert: u32,
}

fn tile_of(index: u32, rows: u32) -> Tile {
  if (EXPERTS == 0u) {
    return Tile(index * rows, min((index + 1u) * rows, params.rows), 0u);
  }
  if (EXPERTS == 1u) {
    return Tile(index, index + 1u, routes[index]);
  }
  let at = params.rows + index * 3u;
  return Tile(routes[at], routes[at + 1u], routes[at + 2u]);
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
