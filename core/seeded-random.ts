/**
 * Numbers in [0, 1) that depend on nothing but the seed and the stream: the generator sfc32 of PractRand (Doty-Humphrey),
 * 128 bits of state, of which a counter keeps every cycle above 2³². Two streams of one seed are unrelated.
 */
export function seededRandom(seed: number, stream = 0): () => number {
  let a = seed | 0
  let b = stream | 0
  let c = 0x9e3779b9 | 0
  let counter = 1
  const next = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  // Mixes the seed through the whole state.
  for (let round = 0; round < 15; round++) next()
  return next
}
