// PCG's output permutation as a hash (O'Neill 2014; Jarzynski and Olano, JCGT 9(3), 2020).

fn pcg(value: u32) -> u32 {
  let state = value * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}
