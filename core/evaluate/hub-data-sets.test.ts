import { describe, expect, test } from 'vitest'
import { InputError } from '../input-error.ts'
import { chooseSplits, findKnownDataSet, knownDataSets, listSplits } from './hub-data-sets.ts'

test('every name means one data set', () => {
  const names = knownDataSets.flatMap(({ id, aliases }) => [id.toLowerCase(), ...aliases])
  expect(new Set(names).size).toBe(names.length)
  for (const known of knownDataSets)
    for (const name of [known.id, ...known.aliases.flatMap(alias => [alias, alias.toUpperCase()])])
      expect(findKnownDataSet(name)).toBe(known)
  expect(findKnownDataSet('gsm')).toBeUndefined()
})

const namesOf = (paths: string[], extension = 'parquet') =>
  listSplits('set', paths, extension).map(({ config, split, paths: found }) => [config, split, found.length])

describe('finds the splits of', () => {
  test.each<[string, string[], (string | number)[][]]>([
    [
      'one subset',
      ['README.md', 'data/train-00000-of-00001.parquet', 'data/test-00000-of-00001.parquet'],
      [
        ['default', 'test', 1],
        ['default', 'train', 1],
      ],
    ],
    [
      'several subsets and several files',
      [
        'main/test-00001-of-00002.parquet',
        'main/test-00000-of-00002.parquet',
        'socratic/test-00000-of-00001.parquet',
      ],
      [
        ['main', 'test', 2],
        ['socratic', 'test', 1],
      ],
    ],
    [
      'a converted data set',
      ['default/train/0000.parquet', 'default/train/0001.parquet', 'default/partial-test/0000.parquet'],
      [
        ['default', 'partial-test', 1],
        ['default', 'train', 2],
      ],
    ],
    [
      'names with a digest',
      ['data/train-00000-of-00001-0123456789abcdef.parquet'],
      [['default', 'train', 1]],
    ],
    ['files at the top', ['train.parquet'], [['default', 'train', 1]]],
  ])('%s', (_, paths, expected) => {
    expect(namesOf(paths)).toEqual(expected)
  })

  test('JSON Lines, without what is about the data set', () => {
    expect(namesOf(['test.jsonl', 'dataset_infos.jsonl'], 'jsonl')).toEqual([['default', 'test', 1]])
  })

  test('files in the order of their rows', () => {
    const paths = ['data/test-00001-of-00002.parquet', 'data/test-00000-of-00002.parquet']
    expect(listSplits('set', paths, 'parquet')[0]!.paths).toEqual([...paths].reverse())
  })

  test('no part of a split', () => {
    expect(() => namesOf(['data/test-00001-of-00002.parquet'])).toThrow(
      /set: split test of default is made up of 2 files, found 1/,
    )
  })
})

describe('chooses', () => {
  const splits = listSplits(
    'set',
    ['a/test/0.parquet', 'a/train/0.parquet', 'b/test/0.parquet', 'b/train/0.parquet'],
    'parquet',
  )
  const single = listSplits('set', ['only/train.parquet'], 'parquet')

  test('what is named, in that order', () => {
    const chosen = chooseSplits('set', splits, { configs: ['b', 'a'], split: 'test' })
    expect(chosen.flatMap(({ paths }) => paths)).toEqual(['b/test/0.parquet', 'a/test/0.parquet'])
  })

  test('the only one, and the default subset among others', () => {
    expect(chooseSplits('set', single, {})).toHaveLength(1)
    const withDefault = listSplits('set', ['test.parquet', 'more/test.parquet'], 'parquet')
    expect(chooseSplits('set', withDefault, {})[0]!.config).toBe('default')
  })

  test.each([
    [{}, /set: has the subsets a, b; choose one with --config/],
    [{ configs: ['a'] }, /set: has the splits test, train; choose one with --split/],
    [{ configs: ['c'] }, /set: has no subset c, found a, b/],
    [{ configs: ['a'], split: 'dev' }, /set: has no split dev in a, found test, train/],
  ])('nothing by itself: %j', (choice, message) => {
    expect(() => chooseSplits('set', splits, choice)).toThrow(InputError)
    expect(() => chooseSplits('set', splits, choice)).toThrow(message)
  })
})
