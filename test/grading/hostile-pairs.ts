const tower = '9^{9^{9^9}}'

/** Answers and references that are made to be slow, large or deep: none is equal, and the rule says why. */
export const hostilePairs: [name: string, answer: string, expected: string, rule: RegExp][] = [
  ['no answer', '', '5', /no answer found/],
  ['an empty reference', '\\boxed{5}', '', /no expected answer/],
  ['neither', '', '', /no answer found/],
  ['10 MB of digits', `\\boxed{${'1'.repeat(1e7)}}`, '1', /not read, having 1\d{7} characters/],
  ['10 MB of braces', '{'.repeat(1e7), '1', /not read/],
  ['a reference of 10 MB', '\\boxed{1}', '1'.repeat(1e7), /not read/],
  ['1 MB of open boxes', '\\boxed{'.repeat(140_000), '5', /no answer found/],
  [
    '10,000 nested braces',
    `\\boxed{${'{'.repeat(10_000)}5${'}'.repeat(10_000)}}`,
    '5',
    /as text, having \d+ characters/,
  ],
  ['400 nested braces', `\\boxed{${'{'.repeat(400)}x${'}'.repeat(400)}}`, '5', /unequal/],
  ['400 nested parentheses', `\\boxed{${'('.repeat(400)}x${')'.repeat(400)}}`, '5', /unequal/],
  ['400 minus signs', `\\boxed{${'-'.repeat(400)}x}`, '5', /unequal/],
  ['nested fractions', `\\boxed{${'\\frac{1}{'.repeat(90)}x${'}'.repeat(90)}}`, '5', /unequal/],
  ['nested signs of ±', `\\boxed{${'\\pm'.repeat(300)}1}`, '5', /unequal/],
  ['a tower of powers', `\\boxed{${tower}}`, '5', /too large/],
  ['a tower against another', `\\boxed{${tower}}`, '8^{8^{8^8}}', /too large/],
  ['a tower within a sine', `\\boxed{\\sin(${tower})}`, '0.5', /too large/],
  ['a tower of an unknown', '\\boxed{(x+y)^{99999}}', 'x', /unequal numerically/],
  ['many terms', '\\boxed{(a+b+c+d+f+g+h)^{50}}', 'x', /unequal numerically/],
  ['a factorial', '\\boxed{999999999!}', '5', /too large/],
  ['factorials of factorials', '\\boxed{9!!!!!}', '5', /unequal/],
  ['a binomial', '\\boxed{\\binom{10^9}{5\\cdot10^8}}', '5', /too large/],
  ['a root of high degree', '\\boxed{\\sqrt[10^{50}]{2}}', '1', /unequal/],
  ['an exponent of 500 digits', `\\boxed{2^{${'9'.repeat(500)}}}`, '5', /too large/],
  ['a function that saturates', '\\boxed{\\tanh(100)}', '1', /unequal numerically/],
  ['1e999999999', '\\boxed{1e999999999}', '5', /unequal/],
  ['a command that reads a file', '\\boxed{\\input{/etc/passwd}}', '5', /unequal as text/],
  ['a program', '\\boxed{process.exit(1)}', '1', /unequal/],
  ['a ratio of many names', `\\boxed{V_{1}${':V'.repeat(60)}{{{:}}}V_{2} = 5:8}`, '5:9', /unequal/],
  ['thousands of factors', `\\boxed{x = 4 \\quad${'\\½'.repeat(330)}}`, '99999999999', /unequal/],
  ['a long chain of inequalities', `\\boxed{${'0≤'.repeat(300)}9}`, `${'0≤'.repeat(300)}8`, /unequal/],
  ['a long list', `\\boxed{\\{${'x,'.repeat(450)}y\\}}`, '\\{1,2\\}', /unequal/],
  [
    'sets of what only values tell apart',
    `\\boxed{\\{${trigonometric('x')}\\}}`,
    `\\{${trigonometric('y')}\\}`,
    /unequal/,
  ],
]

function trigonometric(unknown: string): string {
  return Array.from({ length: 20 }, (_, factor) => `\\sin(${factor + 2}${unknown})`).join(',')
}
