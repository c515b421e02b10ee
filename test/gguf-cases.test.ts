import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { InputError } from '../core/input-error.ts'
import { loadTokenizer } from '../node-runner/models/load-tokenizer.ts'
import { openGgufFile } from '../node-runner/models/open-model.ts'
import { runEntrace } from './support/run-entrace.ts'

const folder = 'test/gguf-cases'

/** What the error of each damaged file has to name. */
const named: Record<string, RegExp> = {
  empty: /size/,
  'cut-magic': /size/,
  'cut-counts': /tensor_count/,
  'cut-key': /key 7 .*after llama\.attention\.head_count\)/,
  'cut-tokens': /tokenizer\.ggml\.tokens/,
  'cut-tensor-info': /blk\.0\.attn_v\.weight/,
  'cut-before-data': /token_embd\.weight/,
  'cut-in-data': /blk\.0\.attn_output\.weight/,
  'wrong-magic': /magic/,
  'lfs-pointer': /Git LFS pointer/,
  'version-1': /version/,
  'version-99': /version/,
  'big-endian': /byte order/,
  'kv-count-2e60': /metadata_kv_count/,
  'tensor-count-2e60': /tensor_count/,
  'key-length-2e60': /key 2/,
  'string-beyond-file': /general\.name/,
  'array-count-2e60': /tokenizer\.ggml\.tokens/,
  'array-nested-deep': /general\.deep/,
  'value-type-99': /general\.odd/,
  'tensor-type-9999': /blk\.0\.attn_q\.weight/,
  'tensor-type-removed': /blk\.0\.attn_q\.weight.*Q4_0_4_4/,
  'offset-unaligned': /blk\.0\.attn_q\.weight/,
  'offset-beyond-end': /blk\.0\.attn_q\.weight/,
  'offset-2e64': /blk\.0\.attn_q\.weight/,
  'offset-overlap': /blk\.0\.attn_q\.weight/,
  'dims-5': /blk\.0\.attn_q\.weight/,
  'dims-overflow': /blk\.0\.attn_q\.weight/,
  'dims-zero': /blk\.0\.attn_q\.weight/,
  'dims-wrong': /blk\.0\.attn_q\.weight is 8 × 6, expected 8 × 8 .*llama\.attention\.head_count 2/,
  'row-not-blocks': /blk\.0\.attn_q\.weight/,
  'duplicate-key': /llama\.block_count/,
  'duplicate-tensor': /blk\.0\.attn_q\.weight/,
  'missing-tensor': /blk\.0\.ffn_up\.weight/,
  'missing-block-count': /llama\.block_count/,
  'missing-architecture': /general\.architecture/,
  'block-count-text': /llama\.block_count/,
  'block-count-2e31': /llama\.block_count/,
  'head-count-0': /llama\.attention\.head_count/,
  'vocab-mismatch': /tokenizer\.ggml\.tokens.*token_embd\.weight/,
  'token-type-short': /tokenizer\.ggml\.token_type/,
  'merge-unknown': /tokenizer\.ggml\.merges/,
  'eos-beyond': /tokenizer\.ggml\.eos_token_id/,
  'alignment-0': /general\.alignment/,
  'tensor-count-0': /tensor_count/,
  'arch-unknown': /general\.architecture/,
}
const whole = ['ok', 'trailing-bytes']

/** Opens all of a model that is read before anything is started. */
async function open(name: string): Promise<void> {
  const path = join(folder, `${name}.gguf`)
  const model = await openGgufFile(path)
  await model.close()
  await loadTokenizer(path)
}

describe('files in GGUF', () => {
  it('are all told of', () => {
    const names = readdirSync(folder).map(name => name.replace('.gguf', ''))
    expect(names.sort()).toEqual([...Object.keys(named), ...whole].sort())
  })

  it.each(Object.entries(named))('%s is refused by name', async (name, field) => {
    const error = await open(name).then(
      () => null,
      reason => reason as Error,
    )
    expect(error).toBeInstanceOf(InputError)
    expect(error?.message).toMatch(new RegExp(`^${folder}/${name}\\.gguf: `))
    expect(error?.message).toMatch(field)
    expect(error?.message).not.toMatch(/\n/)
  })

  it.each(whole)('%s is taken', name => open(name))

  it.each(['empty', 'array-nested-deep', 'dims-wrong'])('a command ends with 2 for %s', async name => {
    const path = join(folder, `${name}.gguf`)
    const { exitCode, stdout, stderr } = await runEntrace(['generate', '--model', path, '--prompt-ids', '1'])
    expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(named[name]!)
    expect(stderr).not.toMatch(/ {4}at /)
    expect(stderr.trim()).not.toContain('\n')
  })
})
