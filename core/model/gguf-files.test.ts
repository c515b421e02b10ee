import { describe, expect, it } from 'vitest'
import { chooseGguf } from './gguf-files.ts'

const published = [
  'README.md',
  'small-Q4_K_M.gguf',
  'small-UD-Q4_K_M.gguf',
  'small.IQ4_NL.gguf',
  'small-f16.gguf',
  'mmproj-F16.gguf',
  'small.imatrix.gguf',
  'BF16/small-BF16-00001-of-00002.gguf',
  'BF16/small-BF16-00002-of-00002.gguf',
]
const choose = (type: string | null, paths = published) => chooseGguf('org/small-GGUF', paths, type)

describe('chooseGguf', () => {
  it.each<[string | null, string]>([
    [null, 'small-Q4_K_M.gguf'],
    ['q4_k_m', 'small-Q4_K_M.gguf'],
    ['UD-Q4_K_M', 'small-UD-Q4_K_M.gguf'],
    ['iq4_nl', 'small.IQ4_NL.gguf'],
    ['F16', 'small-f16.gguf'],
    ['BF16', 'BF16/small-BF16-00001-of-00002.gguf'],
    ['BF16/small-BF16-00002-of-00002.gguf', 'BF16/small-BF16-00001-of-00002.gguf'],
  ])('takes for %s %s', (type, path) => {
    expect(choose(type)).toBe(path)
  })

  it.each(['M', 'K_M', 'NL', 'Q4_K', 'gguf', 'mmproj-F16', 'imatrix', '../small-Q4_K_M.gguf'])(
    'takes nothing for %s, and says what there is',
    type => {
      expect(() => choose(type)).toThrow(/has no file of type .* choose among .*small-Q4_K_M\.gguf/)
    },
  )

  it('goes by folders where names of files say no type', () => {
    expect(choose('q8_0', ['Q4_K_M/a.gguf', 'Q8_0/a.gguf'])).toBe('Q8_0/a.gguf')
    expect(choose('q8_0', ['Q8_0/a-Q4_K_M.gguf', 'a-Q8_0.gguf'])).toBe('a-Q8_0.gguf')
  })

  it('asks for a path where a type is that of several, and takes that', () => {
    const paths = ['a/x-Q8_0.gguf', 'b/x-Q8_0.gguf']
    expect(() => choose('Q8_0', paths)).toThrow(
      /path of one behind a colon \(org\/small-GGUF:a\/x-Q8_0\.gguf\)/,
    )
    expect(choose('b/x-Q8_0.gguf', paths)).toBe('b/x-Q8_0.gguf')
  })
})
