import { describe, expect, it } from 'vitest'
import { promptFolders } from '../../test/golden/prompts-folders.ts'
import { filesInMemory } from '../../test/support/files-in-memory.ts'
import { InputError } from '../input-error.ts'
import { openTokenizer } from './open-tokenizer.ts'
import type { ChatMessage } from './tokenizer.ts'

const ships = promptFolders['as it ships']!.files
const question: ChatMessage[] = [{ role: 'user', content: 'What is 2 + 2?' }]

async function render(template: string, messages = question): Promise<string> {
  const tokenizer = await openTokenizer(filesInMemory({ ...ships, 'chat_template.jinja': template }))
  return tokenizer.renderChat(messages)
}

/** A namespace whose `s` is grown as often as wanted. */
const grown = (grow: string, start = "'aaaaaaaaaaaaaaaa'") =>
  `{% set ns = namespace(s=${start}) %}{% for i in range(60) %}{% set ns.s = ${grow} %}{% endfor %}`
const lists = grown('[ns.s, ns.s]', '[1]')

describe('a template that would not end', () => {
  it.each([
    ['loops in loops', '{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}'],
    [
      'loops that write nothing',
      '{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}',
    ],
    ['names that nobody set', '{% for i in range(99999) %}{{ nobody }}{% endfor %}'],
    [
      'a macro that calls itself twice',
      '{% macro f(x) %}{% if x > 0 %}{{ f(x - 1) }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(60) }}',
    ],
    ['a text doubled', `${grown('ns.s + ns.s')}{{ ns.s | length }}`],
    ['a text doubled by ~', `${grown('ns.s ~ ns.s')}{{ ns.s | length }}`],
    ['a text in the place of each of its letters', `${grown("ns.s.replace('a', ns.s)")}{{ ns.s }}`],
    ['the same by a filter', `${grown("ns.s | replace('a', ns.s)")}{{ ns.s }}`],
    ['the same by a method that is looked up', `${grown("ns.s['replace']('a', ns.s)")}{{ ns.s }}`],
    ['lists in lists, written as JSON', `${lists}{{ ns.s | tojson }}`],
    ['lists in lists, compared', `${lists}{{ ns.s == ns.s }}`],
    ['lists in lists, added to a text', `${lists}{{ 'a' + ns.s }}`],
    ['lists in lists, joined', `${lists}{{ ns.s | join(',') }}`],
    ['an indent', "{{ 'a\nb' | indent(1000000000) }}"],
    ['an indent of JSON', "{{ {'a': [1]} | tojson(indent=1000000000) }}"],
    ['a long text between many', "{{ range(9999) | join('b' | indent(99999, true)) }}"],
    ['a long text again and again', `{% for i in range(99999) %}${'x'.repeat(9999)}{% endfor %}`],
    [
      'a long text read again and again',
      `{% set s = '${'x'.repeat(9999)}' %}{% for i in range(9999) %}{{ s | upper | length }}{% endfor %}`,
    ],
    [
      'a text split again and again',
      `{% set s = '${'ab'.repeat(9999)}' %}{% for i in range(9999) %}{{ s.split('a') | length }}{% endfor %}`,
    ],
    [
      'a block that is filtered',
      `{% for i in range(9999) %}{% filter upper %}${'x'.repeat(9999)}{% endfilter %}{% endfor %}`,
    ],
  ])('is given up after as many steps on every machine: %s', async (_, template) => {
    const rendering = render(template)
    await expect(rendering).rejects.toThrow(InputError)
    await expect(rendering).rejects.toThrow(
      /^folder\/chat_template\.jinja: .*roles user: it takes more than 102,0\d\d steps, which is all that/,
    )
  })

  it.each([
    ['{% for i in range(10 ** 7) %}x{% endfor %}', /range: 10000000 numbers, expected at most 100000/],
    ['{{ range(0, 5, 0) }}', /range: Infinity numbers/],
    [
      '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
      /it nests more deeply, or writes more, than can be held/,
    ],
    [`{{ ${'('.repeat(99_999)}`, /it nests more deeply/],
    [`a\n${' '.repeat(1001)}`, /line 2: more than 1000 characters of white space in a row/],
    ['x'.repeat(200_001), /it has 200001 characters, expected at most 200000/],
    ['{% set f = messages[0].content.replace %}{{ f }}', /replace: a method is not called at once/],
    ['{% set ns = namespace() %}{% set ns.a = ns %}', /holds a namespace, which is not known here/],
    ['{% set ns = namespace() %}{% set ns.a = [ns] %}', /holds a namespace, which is not known here/],
    [`{{ raise_exception('${'no '.repeat(9999)}') }}`, /roles user: (no ){100} …\. Leave out/],
  ])('or at once: %#', async (template, message) => {
    const rendering = render(template)
    await expect(rendering).rejects.toThrow(InputError)
    await expect(rendering).rejects.toThrow(message)
  })
})

it('may take more for a longer conversation', async () => {
  const template =
    '{% for m in messages %}{% for i in range(5) %}{{ m.content | upper }}{% endfor %}{% endfor %}'
  const messages = Array.from(
    { length: 200 },
    () => ({ role: 'user', content: 'word '.repeat(400) }) as const,
  )
  expect(await render(template, messages)).toHaveLength(200 * 5 * 2000)
})

it('knows whether a method is there that is not called', async () => {
  expect(await render('{{ messages[0].content.upper is defined }}{{ messages[0].items is defined }}')).toBe(
    'TrueTrue',
  )
})
