import { describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { isRelativePath, parseRepository } from './hub-repository.ts'

describe('parseRepository', () => {
  it.each([
    ['Qwen/Qwen2.5-7B-Instruct', 'model', 'Qwen/Qwen2.5-7B-Instruct', 'main'],
    ['org/name@v1.0', 'model', 'org/name', 'v1.0'],
    ['openai/gsm8k', 'dataset', 'openai/gsm8k', 'main'],
    ['datasets/openai/gsm8k@refs/pr/1', 'dataset', 'openai/gsm8k', 'refs/pr/1'],
  ] as const)('reads %s', (text, type, id, revision) => {
    expect(parseRepository(text, type)).toEqual({ type, id, revision })
  })

  it.each([
    './org/name',
    '../name',
    '/org/name',
    'org',
    'org/name/more',
    'org\\name',
    'org/..',
    'org/a..b',
    'org/a--b',
    'models/arith',
    'org/-name',
    'or g/name',
    `org/${'a'.repeat(96)}`,
    '',
  ])('takes "%s" for a path', text => {
    expect(parseRepository(text, 'model')).toBeNull()
  })

  it.each(['', '../x', 'a/../b', '/a', 'a b', 'a?b'])('refuses the revision "%s"', revision => {
    expect(() => parseRepository(`org/name@${revision}`, 'model')).toThrow(InputError)
  })
})

it('isRelativePath refuses what leads elsewhere, on any system', () => {
  for (const path of ['a', 'a/b.c', '.hidden', 'a/..b']) expect(isRelativePath(path), path).toBe(true)
  for (const path of ['', '/a', 'a//b', '..', 'a/../b', 'a/.', 'C:\\a', 'C:a', 'a\\b', 'a\0b'])
    expect(isRelativePath(path), path).toBe(false)
})
