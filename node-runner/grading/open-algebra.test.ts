import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { openAlgebra } from './open-algebra.ts'

const algebra = openAlgebra()
afterAll(() => algebra.close())

const ask = (a: unknown, b: unknown) => algebra.equivalent(JSON.stringify(a), JSON.stringify(b))
const square = (inner: unknown) => ['Power', inner, 2]
const tower = ['Power', 9, ['Power', 9, ['Power', 9, 9]]]

describe('an algebra', () => {
  it('proves identities', async () => {
    const sum = ['Add', square(['Sin', 'va']), square(['Cos', 'va'])]
    expect(await ask(sum, 1)).toEqual({ equal: true, by: 'by algebra' })
  })

  it('says so where only values agree', async () => {
    const power = (base: number) => ['Power', base, 'va']
    const verdict = await ask(['Multiply', power(2), power(2)], power(4))
    expect(verdict).toEqual({ equal: true, by: 'numerically at 12 points' })
  })

  it.each([
    ['a tiny difference', ['Add', 'Pi', ['Power', 10, -50]], 'Pi'],
    [
      'a rational close to π',
      ['Divide', { num: '3141592653589793238462643' }, { num: '1000000000000000000000000' }],
      'Pi',
    ],
    ['what holds for positive numbers only', ['Root', square('va'), 2], 'va'],
    ['a logarithm to another base', ['Log', 8, 10], ['Log', 8, 2]],
    ['real parts that agree', ['Add', 1, 'ImaginaryUnit'], ['Subtract', 1, 'ImaginaryUnit']],
  ])('refutes %s', async (_, a, b) => {
    expect(await ask(a, b)).toEqual({ equal: false, by: 'numerically' })
  })

  it.each([
    ['beside a large part', ['Add', ['Exp', 200], ['Sin', 'va']], ['Add', ['Exp', 200], ['Cos', 'va']]],
    ['beside a large number', ['Add', ['Power', 10, 100], ['Sin', 1]], ['Power', 10, 100]],
    ['as a small part', ['Add', ['Sin', 1], ['Power', 10, -90]], ['Sin', 1]],
    ['inside a function', ['Cos', ['Power', 10, -50]], 1],
  ])('does not know where a difference would be lost %s', async (_, a, b) => {
    expect(await ask(a, b)).toEqual({ equal: null, by: 'as algebra found no values to compare' })
  })

  it('gives up after 2 s, goes on with what waits, and remembers', async () => {
    const start = performance.now()
    const [stuck, next] = await Promise.all([ask(tower, 1), ask(['Sin', 1], ['Sin', 2])])
    expect(stuck).toEqual({ equal: null, by: 'as algebra gave up after 2 s' })
    expect(next).toEqual({ equal: false, by: 'numerically' })
    expect(performance.now() - start).toBeLessThan(8_000)
    const again = performance.now()
    expect(await ask(tower, 1)).toBe(stuck)
    expect(performance.now() - again).toBeLessThan(100)
  })

  it('survives a thread that fails or does not load', async () => {
    expect(await algebra.equivalent('no JSON', '1')).toMatchObject({
      equal: null,
      by: expect.stringMatching(/^as algebra failed to answer/),
    })
    expect(await ask(['Sin', 1], ['Cos', 1])).toEqual({ equal: false, by: 'numerically' })
    const slow = openAlgebra({ loadMs: 1 })
    expect(await slow.equivalent('1', '2')).toEqual({ equal: null, by: 'as algebra gave up after 0.001 s' })
    await slow.close()
  })

  it('does not keep a process alive', () => {
    const url = JSON.stringify(new URL('./open-algebra.ts', import.meta.url).href)
    const script = `import { openAlgebra } from ${url}
      console.log(JSON.stringify(await openAlgebra().equivalent('["Sin",1]', '["Cos",1]')))`
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    const options = { cwd, encoding: 'utf8', timeout: 20_000 } as const
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options)
    expect([status, JSON.parse(stdout)]).toEqual([0, { equal: false, by: 'numerically' }])
  })
})
