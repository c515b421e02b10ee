import { describe, expect, test } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { gradeAnswer } from '../grade/grade-answer.ts'
import { gradeWithOption } from './answer-options.ts'
import { readDataSet } from './read-data-set.ts'

const read = (...rows: object[]) => {
  const text = rows.map(row => JSON.stringify(row)).join('\n')
  return readDataSet(memoryByteSource(new TextEncoder().encode(text), 'set.jsonl'))
}
const list = 'A) 4\nB) 6\nC) 7\nD) 9'
const texts = ['4', '6', '7', '9']
const question = 'Which is prime?'

describe('options are part of the problem, and a letter is expected, of', () => {
  test.each<[string, Record<string, unknown>[], string[]]>([
    ['MMLU', [{ question, subject: 'primes', choices: texts, answer: 2 }], ['C']],
    [
      'MMLU-Pro',
      [{ question_id: 7, question, options: texts, answer: 'C', answer_index: 2, category: 'math' }],
      ['C'],
    ],
    [
      'ARC',
      [{ id: 'a', question, choices: { text: texts, label: ['A', 'B', 'C', 'D'] }, answerKey: 'C' }],
      ['C'],
    ],
    [
      'CommonsenseQA',
      [
        {
          id: 'c',
          question: { stem: question, choices: texts.map((text, index) => ({ label: 'ABCD'[index], text })) },
          answerKey: 'C',
        },
      ],
      ['C'],
    ],
    [
      'OpenBookQA',
      [{ question_stem: question, choices: { text: texts, label: [...'ABCD'] }, answerKey: 'C' }],
      ['C'],
    ],
    ['HellaSwag', [{ ctx: question, ctx_a: 'Which', ctx_b: 'is', endings: texts, label: '2' }], ['C']],
    [
      'AQuA',
      [{ question, options: ['A)4', 'B)6', 'C)7', 'D)9'], rationale: 'Try all.', correct: 'C' }],
      ['C'],
    ],
    ['MathQA', [{ Problem: question, options: 'a ) 4 , b ) 6 , c ) 7 , d ) 9', correct: 'c' }], ['C']],
    [
      'MedQA',
      [{ question, options: { A: '4', B: '6', C: '7', D: '9' }, answer: '7', answer_idx: 'C' }],
      ['C'],
    ],
    ['a table', [{ question, A: '4', B: '6', C: '7', D: '9', answer: 'C' }], ['C']],
    ['lists as Python writes them', [{ question, choices: "['4', '6', '7', '9']", answer: '(C)' }], ['C']],
    ['lists of numbers as text', [{ question, choices: '[4, 6, 7, 9]', answer: 'C' }], ['C']],
    [
      'structures as text',
      [{ question, options: "{'A': '4', 'B': '6', 'C': '7', 'D': '9'}", answer: 'C' }],
      ['C'],
    ],
    [
      'ARC as pandas writes it to CSV',
      [
        {
          question,
          choices:
            "{'text': array(['4', '6', '7', '9'], dtype=object), 'label': array(['A', 'B', 'C', 'D'], dtype=object)}",
          answerKey: 'C',
        },
      ],
      ['C'],
    ],
    [
      'a structure for each',
      [{ question, options: texts.map((text, at) => ({ ['ABCD'[at]!]: text })), answer: 'C' }],
      ['C'],
    ],
    ['letters with texts', [{ question, options: texts, answer: 'C) 7' }], ['C']],
    ['letters at the end of a solution', [{ question, options: texts, answer: 'It is 7.\n#### C' }], ['C']],
    ['texts alone', [{ question, options: texts, answer: '7' }], ['C']],
    ['numbers', [{ question, choices: [4, 6, 7, 9], answer: 7 }], ['C']],
    [
      'MedMCQA, whose numbers count from 0',
      [2, 0].map((cop, row) => ({ question, opa: '4', opb: '6', opc: '7', opd: '9', cop, row })),
      ['C', 'A'],
    ],
    [
      'others, whose numbers count from 1',
      ['1', '4'].map(label => ({ question, option1: '4', option2: '6', option3: '7', option4: '9', label })),
      ['A', 'D'],
    ],
  ])('%s', async (_, rows, expected) => {
    const { problems } = await read(...rows)
    expect(problems.map(({ problem }) => problem)).toEqual(rows.map(() => `${question}\n${list}`))
    expect(problems.map(({ expectedAnswer }) => expectedAnswer)).toEqual(expected)
    expect(problems.map(({ expectedOption }) => expectedOption)).toEqual(
      expected.map(letter => texts['ABCD'.indexOf(letter)]),
    )
    expect(problems[0]!.solution === null || problems[0]!.solution.includes('####')).toBe(true)
  })

  test('ARC, whose rows may number their options', async () => {
    const choices = { text: ['hot', 'cold'], label: ['1', '2'] }
    const { problems } = await read({ question, choices, answerKey: '1' })
    expect(problems).toMatchObject([
      { problem: `${question}\n1) hot\n2) cold`, expectedAnswer: '1', expectedOption: 'hot' },
    ])
  })

  test('numbers with numbers as texts, which their labels alone name', async () => {
    const choices = { text: ['2', '3'], label: ['1', '2'] }
    const { problems } = await read({ question, choices, answerKey: '2' })
    expect(problems[0]).toMatchObject({ expectedAnswer: '2' })
    expect(problems[0]).not.toHaveProperty('expectedOption')
  })

  test('problems that hold their options already', async () => {
    const { problems } = await read({
      question: `${question} (A) 4 (B) 6 (C) 7`,
      options: ['4', '6', '7'],
      answer: 'C',
    })
    expect(problems[0]!.problem).toBe(`${question} (A) 4 (B) 6 (C) 7`)
  })

  test('rows of which some have fewer or none', async () => {
    const { problems } = await read(
      { question, A: '4', B: '7', C: '', D: '', answer: 'B' },
      { question, A: '4', B: '6', C: '7', D: '9', answer: 'C' },
    )
    expect(problems.map(({ problem }) => problem)).toEqual([
      `${question}\nA) 4\nB) 7`,
      `${question}\n${list}`,
    ])
    const mixed = await read(
      { question, options: texts, answer: 'C' },
      { question, options: null, answer: '11' },
    )
    expect(mixed.problems.map(({ problem, expectedAnswer }) => [problem, expectedAnswer])).toEqual([
      [`${question}\n${list}`, 'C'],
      [question, '11'],
    ])
  })

  test('an option that is called None', async () => {
    const { problems } = await read({ question, options: ['4', 'None'], answer: 'None' })
    expect(problems[0]).toMatchObject({ expectedAnswer: 'B', expectedOption: 'None' })
  })
})

describe('refuses', () => {
  test.each<[string, Record<string, unknown>[], RegExp]>([
    [
      'an answer that is no option, by its row',
      [
        { question, choices: texts, answer: 1 },
        { question, choices: texts, answer: 7.5 },
      ],
      /line 2: expected one of the options A, B, C, D in column "answer", .* found 7\.5, in 1 of 2 rows/,
    ],
    [
      'numbers that may count from 0 or from 1',
      [1, 2].map(correct => ({ question, options: texts, correct })),
      /line 1: .* found 1, which may be read counted from 0 or counted from 1/,
    ],
    [
      'a text that may be a number of an option',
      [{ question, options: ['1', '2', '3'], answer: '2' }],
      /found "2", which may be read by letter or text or counted from 0/,
    ],
    [
      'a letter that is the text of another option',
      [{ question, options: ['B', 'C', 'A'], answer: 'A' }],
      /expected one of the options A, B, C .* found "A"/,
    ],
    [
      'rows of a test split',
      [
        { ctx: question, endings: texts, label: '' },
        { ctx: question, endings: texts, label: '' },
      ],
      /expected answers in column "label", found it empty in all 2 rows/,
    ],
    [
      'a row without an answer among others',
      [
        { question, choices: texts, answer: 0 },
        { question, choices: texts, answer: -1 },
      ],
      /line 2: expected an answer in column "answer", found none, in 1 of 2 rows/,
    ],
  ])('%s', async (_, rows, message) => {
    await expect(read(...rows)).rejects.toThrow(message)
  })

  test('to take unknowns for options', async () => {
    const rows = [
      { question: 'a + b?', a: 3, b: 4, answer: 7 },
      { question: 'The larger of a and b?', a: 3, b: 4, answer: 4 },
    ]
    const { problems, columns } = await read(...rows)
    expect(problems).toMatchObject([
      { problem: 'a + b?', expectedAnswer: '7', metadata: { a: 3, b: 4 } },
      { problem: 'The larger of a and b?', expectedAnswer: '4' },
    ])
    expect(columns.left).toEqual(['a', 'b'])
    expect((await read(rows[1]!)).problems[0]).toMatchObject({ expectedAnswer: '4' })
  })
})

describe('an answer to options is right', () => {
  const grade = (text: string) =>
    gradeWithOption({ expectedAnswer: 'C', expectedOption: '7' }, expected => gradeAnswer(text, expected))

  test('by letter, or by the text of the right one', () => {
    expect(grade('\\boxed{C}')).toMatchObject({ equal: true, rule: 'boxed, equal as text' })
    expect(grade('\\boxed{7}')).toMatchObject({
      equal: true,
      extracted: '7',
      rule: 'boxed (the text of the option), equal as rationals',
    })
  })

  test('and else wrong, also where the text stands among others', () => {
    for (const text of ['\\boxed{B}', '\\boxed{6}', 'I take B, since 6 is less than 7', '\\boxed{(B) 7}'])
      expect(grade(text)).toMatchObject({ equal: false })
  })
})
