import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Allowance, BoundedPattern } from './bounded-pattern.ts'

const endless: Allowance = { step() {}, write() {} }

/** Allows so many steps. */
function steps(count: number): Allowance {
  let left = count
  return {
    step(taken) {
      left -= taken
      if (left < 0) throw new Error('too many steps')
    },
    write() {},
  }
}

const matches = (pattern: BoundedPattern | RegExp, text: string) =>
  Array.from(text.matchAll(pattern as RegExp), ({ 0: match, index }) => [match, index])

const letter = fc.constantFrom(
  'a',
  'b',
  '1',
  ' ',
  '\n',
  'é',
  '😀',
  '\\p{L}',
  '\\s',
  '\\S',
  '[^\\r\\n\\p{L}]',
  '.',
  '[a-c1]',
  '\\u{1F600}',
)
const expression = fc.letrec<{ any: string }>(tie => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    letter,
    fc.tuple(tie('any'), tie('any')).map(parts => parts.join('')),
    fc.tuple(tie('any'), tie('any')).map(parts => `(?:${parts.join('|')})`),
    fc
      .tuple(
        fc.constantFrom('(', '(?:', '(?i:', '(?<name>'),
        tie('any'),
        fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{0,}'),
        fc.constantFrom('', '?'),
      )
      .map(([open, inner, quantifier, lazy]) =>
        `${open.replace('name', '')}${inner})${quantifier}${lazy}`.replace('(?<>', '('),
      ),
    fc
      .tuple(fc.constantFrom('(?=', '(?!', '(?<=', '(?<!'), tie('any'))
      .map(([open, inner]) => `${open}${inner})`),
    fc.constantFrom('^', '$', '\\b', '\\B'),
  ),
})).any
const text = fc
  .array(fc.constantFrom('a', 'b', 'A', '1', ' ', '\n', 'é', '😀', 'x'), { maxLength: 14 })
  .map(all => all.join(''))

describe('a pattern that is matched in bounds', () => {
  it("finds and divides as JavaScript's own does", () => {
    fc.assert(
      fc.property(expression, text, (source, text) => {
        const [bounded, native] = [new BoundedPattern(source, endless), new RegExp(source, 'gu')]
        // V8 finds nothing, in the sense of an empty match, between the halves of a character.
        fc.pre(matches(native, text).every(([, at]) => !/^[\udc00-\udfff]/.test(text.slice(Number(at)))))
        expect(matches(bounded, text)).toEqual(matches(native, text))
        expect(text.match(bounded as unknown as RegExp)).toEqual(text.match(native))
        const kept = new RegExp(source.replaceAll(/(?<!\\)\((?!\?)/g, '(?:'), 'gu')
        expect(text.split(bounded as unknown as RegExp).filter(Boolean)).toEqual(
          text.split(kept).filter(Boolean),
        )
        expect(text.replaceAll(bounded as unknown as RegExp, '-')).toBe(text.replaceAll(native, '-'))
      }),
      { numRuns: 2000 },
    )
  })

  it('puts in its content as it is', () => {
    expect('abc'.replaceAll(new BoundedPattern('b', endless) as unknown as RegExp, '[$&]')).toBe('a[$&]c')
  })

  it.each([
    ['(a+)+$', 'a'],
    ['(a|a)*$', 'a'],
    ['(a|aa)+$', 'a'],
    ['(?:a*)*b', 'a'],
    ['(?=(a+)+$)x', 'a'],
    ['(?<!(a+)+b)$', 'a'],
    ['(.*)(.*)(.*)(.*)(.*)(.*)c', 'ab'],
    ['(?:a?){30}a{30}', 'a'],
  ])('is given up where there are too many ways: %s', (source, letters) => {
    const pattern = new BoundedPattern(source, steps(100_000))
    expect(() => matches(pattern, `${letters.repeat(200)}!`)).toThrow('too many steps')
  })

  it.each([
    ['(a)\\1', /reference back/],
    ['(?<n>a)\\k<n>', /reference back/],
    ['(?s:.)', /flags m and s/],
    ['(?:a|b){99999}', /more than 20000/],
    ['(?:){1000000000}', /more than 20000/],
    ['(?:(?:(?:ab|c){99}){99}){99}', /more than 20000/],
    ['(?:(?=(?:ab){99})){9999}', /more than 20000/],
    [`${'('.repeat(201)}a${')'.repeat(201)}`, /more than 200 groups/],
    ['a)', /Invalid regular expression/],
  ])('is refused where it cannot be: %s', (source, message) => {
    expect(() => new BoundedPattern(source, endless)).toThrow(SyntaxError)
    expect(() => new BoundedPattern(source, endless)).toThrow(message)
  })
})
