// After shared/finite.wgsl, shared/entropy-sums.wgsl.
// statistics[r] = the sums, entropy and varentropy of a row's logits; what is not finite is counted and left out.
// One thread a row, for CPU adapters, where a barrier costs more than it saves; sums run over blocks of 256 terms, then
// over the blocks.

const BLOCK = 256u;

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<Statistics>;

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
        sum += terms_of(x - maximum);
      }
    }
    total += sum;
  }
  statistics[id.x] = statistics_of(maximum, total, bad);
}
