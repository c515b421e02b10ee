// A row's entropy: with m the maximum of its logits and d = x - m,
//   s = sum e^d, t = sum d e^d, u = sum d^2 e^d, w = sum d; H = ln s - t / s (nats), varentropy = u / s - (t / s)^2 (nats^2).
// One thread a row, for CPU adapters, where a barrier costs more than it saves; sums run over blocks of 256 terms, then
// over the blocks. Not-a-number and infinities are counted by their exponent bits and left out.

const BLOCK = 256u;
const LOWEST = -3.4028234e38;

struct Params {
  rows: u32,
  width: u32,
}

struct Statistics {
  maximum: f32,
  s: f32,
  t: f32,
  u: f32,
  w: f32,
  entropy: f32,
  varentropy: f32,
  not_finite: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<Statistics>;

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

@compute @workgroup_size(4)
fn entropy_serial(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.rows) {
    return;
  }
  let base = id.x * params.width;
  var maximum = LOWEST;
  var bad = 0u;
  for (var i = 0u; i < params.width; i++) {
    let x = logits[base + i];
    if (is_finite(x)) {
      maximum = max(maximum, x);
    } else {
      bad++;
    }
  }
  var total = vec4(0.0);
  for (var block = 0u; block < params.width; block += BLOCK) {
    var sum = vec4(0.0);
    for (var i = block; i < min(block + BLOCK, params.width); i++) {
      let x = logits[base + i];
      if (is_finite(x)) {
        let d = x - maximum;
        let e = exp(d);
        sum += vec4(e, d * e, d * d * e, d);
      }
    }
    total += sum;
  }
  let mean = total.y / total.x;
  statistics[id.x] = Statistics(
    maximum, total.x, total.y, total.z, total.w,
    max(0.0, log(total.x) - mean), max(0.0, total.z / total.x - mean * mean), bad);
}
