import { expect, test } from 'vitest'
import { InputError } from '../input-error.ts'
import type { Problem } from './problem.ts'
import { workedExamples } from './worked-examples.ts'

const problem = (id: string, text: string, solution: string | null = `${text} is easy.`): Problem => ({
  id,
  problem: text,
  expectedAnswer: '1',
  solution,
  metadata: {},
})
const evaluated = [problem('x', 'What is\n 7?')]

test('are the first of a data set', () => {
  const examples = [problem('a', 'A'), problem('b', 'B'), problem('c', 'C')]
  expect(workedExamples('set', examples, 2, evaluated)).toEqual([
    { problem: 'A', solution: 'A is easy.', answer: '1' },
    { problem: 'B', solution: 'B is easy.', answer: '1' },
  ])
})

test.each([
  ['too few', [problem('a', 'A')], /set: holds 1 examples, expected 2; lower --few-shot/],
  ['one without a solution', [problem('a', 'A'), problem('b', 'B', null)], /example b has no solution/],
  [
    'one that is asked',
    [problem('a', 'A'), problem('b', ' What is 7?')],
    /example b is problem x of the data/,
  ],
])('refuses %s', (_, examples, message) => {
  expect(() => workedExamples('set', examples, 2, evaluated)).toThrow(InputError)
  expect(() => workedExamples('set', examples, 2, evaluated)).toThrow(message)
})
