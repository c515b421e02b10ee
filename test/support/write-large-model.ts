import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from '../../core/model/config.ts'
import { layout } from '../../core/model/layout.ts'
import { encodeSafetensors } from './encode-safetensors.ts'

/** Writes a model like another but of a large vocabulary, whose weights are zeros: a file with a hole takes no room. */
export function writeLargeModel(path: string, like: string, vocabSize: number): void {
  mkdirSync(path)
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) cpSync(join(like, name), join(path, name))
  const config = {
    ...JSON.parse(readFileSync(join(like, 'config.json'), 'utf8')),
    vocab_size: vocabSize,
  }
  writeFileSync(join(path, 'config.json'), JSON.stringify(config))
  let end = 0
  const header = Object.fromEntries(
    layout(parseConfig(config, 'config.json')).map(({ name, shape }) => {
      const begin = end
      end += 2 * shape.reduce((product, size) => product * size, 1)
      return [name, { dtype: 'BF16', shape, data_offsets: [begin, end] }]
    }),
  )
  const file = join(path, 'model.safetensors')
  const bytes = encodeSafetensors(header, new Uint8Array())
  writeFileSync(file, bytes)
  truncateSync(file, bytes.length + end)
}
