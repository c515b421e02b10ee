import { globSync } from 'node:fs'
import { weightTypeNames, weightTypes } from '../kernels/pack-weight/weight-types.ts'
import { describeGolden } from './support/describe-golden.ts'

/** Models in types of blocks: each in one, and a mix as llama.cpp makes it. */
const types = [...weightTypeNames.filter(type => weightTypes[type].inputs > 1), 'mixed-q4_k_m']

for (const type of types) {
  const [folder] = globSync(`test/models/gguf/tiny-*-${type}.gguf`)
  // Three ranks cut blocks between them.
  for (const ranks of [1, 3])
    describeGolden({ model: `gguf-${type}`, folder: folder!, ranks, kernels: 'cpu', longest: 1000 })
}
