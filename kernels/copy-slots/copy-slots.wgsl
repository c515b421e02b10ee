// Copies the positions in use of some slots of a layer's key-value cache to others: slot `goal` of keys and values becomes
// slot `source`, up to `length` positions, or all places of a cache that so many positions went round. No slot may be both
// read and written.
// One thread for four numbers of keys and as many of values.

struct Params {
  blocks: u32,    // key-value heads times head width / 4
  per_head: u32,  // head width / 4
  capacity: u32,
}

struct SlotCopy {
  source: u32,
  goal: u32,
  length: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> copies: array<SlotCopy>;
@group(0) @binding(2) var<storage, read_write> keys: array<vec4<f32>>;    // [slots, heads, width / 4, capacity]
@group(0) @binding(3) var<storage, read_write> values: array<vec4<f32>>;  // [slots, heads, capacity, width / 4]

@compute @workgroup_size(64)
fn copy_slots(@builtin(global_invocation_id) id: vec3<u32>) {
  let copy = copies[id.z];
  let place = id.x;
  let block = id.y;
  if (place >= min(copy.length, params.capacity)) {
    return;
  }
  let stride = params.blocks * params.capacity;
  let key = block * params.capacity + place;
  keys[copy.goal * stride + key] = keys[copy.source * stride + key];
  let head = block / params.per_head;
  let value = (head * params.capacity + place) * params.per_head + block % params.per_head;
  values[copy.goal * stride + value] = values[copy.source * stride + value];
}
