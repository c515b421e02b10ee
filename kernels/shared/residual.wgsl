// The residual stream x, to which delta's parts are added in their order: what the ranks of a tensor-parallel group
// contribute. The kernel declares params, x and delta.

override ADD: u32 = 0u;  // 1: x += the parts' sum first; 2: x = the parts' sum

// The element after the addition, which x keeps.
fn take_residual(index: u32) -> f32 {
  var value = x[index];
  if (ADD > 0u) {
    var sum = delta[index];
    for (var part = 1u; part < params.parts; part++) {
      sum += delta[part * params.rows * params.width + index];
    }
    value = select(value + sum, sum, ADD == 2u);
    x[index] = value;
  }
  return value;
}
