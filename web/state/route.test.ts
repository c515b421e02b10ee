import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  formatCompared,
  formatRoute,
  mostCompared,
  parseCompared,
  parseRoute,
  type Route,
  startRoute,
} from './route.ts'

const parse = (hash: string, search = '') => parseRoute({ hash, search })

it('is read as it was written', () => {
  const route = fc
    .record<Route>({
      run: fc.option(fc.string({ minLength: 1 })),
      sample: fc.option(fc.constantFrom('0.0', '12.3')),
      token: fc.option(fc.nat(1e8)),
      with: fc.constantFrom('', '1', '2,@0', '@4,1,2'),
      against: fc.constantFrom(null, 'run-2/', 'https://host:8080/a run/?x=1&y=#z'),
      filter: fc.string(),
      sort: fc.constantFrom('', '-tokens', 'entropy'),
      group: fc.boolean(),
      branch: fc.option(fc.string({ minLength: 1 })),
    })
    .filter(({ sample, against, with: compared }) =>
      sample === null ? compared === '' && against === null : compared.includes('@') === (against !== null),
    )
  fc.assert(
    fc.property(route, given => {
      expect(parse(formatRoute(given))).toEqual(given)
    }),
  )
})

it('is the start where nothing is understood', () => {
  for (const hash of ['', '#/', '#/?sample=x.0&token=-1&group=yes', '#/?with=1,2&against=run-2/'])
    expect(parse(hash)).toEqual(startRoute)
})

it('takes the run of the query where the hash names none', () => {
  expect(parse('#/', '?run=a/').run).toBe('a/')
  expect(parse('#/?run=b/', '?run=a/').run).toBe('b/')
})

it.each([
  ['with=1,2', '1,2', null],
  // Not with itself, not twice, not what is no number.
  ['with=0,2,2,01,x,-1,2.5', '2', null],
  ['with=1,2,3,4,5', '1,2,3', null],
  ['with=1,@0', '1', null],
  ['with=@0,@1,1&against=https://host/run/', '@0,@1,1', 'https://host/run/'],
  ['against=run-2/', '@0', 'run-2/'],
  ['with=1,2,3&against=run-2/', '@0,1,2', 'run-2/'],
])('compares sample 7.0 by %s', (text, compared, against) => {
  expect(parse(`#/?sample=7.0&${text}`)).toMatchObject({ sample: '7.0', with: compared, against })
})

it('names compared answers in a way that survives', () => {
  const answers = fc.uniqueArray(fc.record({ isOther: fc.boolean(), sampleIndex: fc.nat(999) }), {
    maxLength: mostCompared,
    selector: ({ isOther, sampleIndex }) => `${isOther} ${sampleIndex}`,
  })
  fc.assert(
    fc.property(answers, given => {
      expect(parseCompared(formatCompared(given))).toEqual(given)
    }),
  )
  expect(formatRoute({ ...startRoute, sample: '7.0', with: '1,@0', against: 'run-2/' })).toBe(
    '#/?sample=7.0&with=1,@0&against=run-2/',
  )
})
