// The residual stream x, to which scale times the sum of delta's parts is added: what the ranks of a tensor-parallel
// group contribute, in their order. With AFTER the sum is normalised before it is added. The kernel declares params, x,
// delta, after and y.

override ADD: u32 = 0u;         // 1: x += it first; 2: x = it
override AFTER: bool = false;   // the sum passes through a norm of its own, of weight after
override WEIGHTED: bool = true; // y is normalised; else y = x

// The sum of delta's parts, which y keeps until the norm of the sum is known.
fn take_parts(index: u32) -> f32 {
  var sum = delta[index];
  for (var part = 1u; part < params.parts; part++) {
    sum += delta[part * params.rows * params.width + index];
  }
  if (AFTER) {
    y[index] = sum;
  }
  return sum;
}

// Element d of a row after the addition, which x keeps. factor is 1 / the root mean square of the parts' sum, with AFTER.
fn take_residual(base: u32, d: u32, factor: f32) -> f32 {
  let index = base + d;
  var value = x[index];
  if (ADD > 0u) {
    var added = 0.0;
    if (AFTER) {
      added = params.scale * (y[index] * factor * after[d]);
    } else {
      added = params.scale * take_parts(index);
    }
    value = select(value + added, added, ADD == 2u);
    x[index] = value;
  }
  return value;
}

// 1 / the root of the mean of squares of a row, from their sum.
fn norm_factor(squares: f32) -> f32 {
  return 1.0 / sqrt(squares / f32(params.width) + params.epsilon);
}
