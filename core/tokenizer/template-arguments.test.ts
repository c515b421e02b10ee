import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { promptFolders } from '../../test/golden/prompts-folders.ts'
import { filesInMemory } from '../../test/support/files-in-memory.ts'
import { InputError } from '../input-error.ts'
import { openTokenizer } from './open-tokenizer.ts'
import {
  describeTemplateArguments,
  readTemplateArguments,
  templateArgumentTexts,
} from './template-arguments.ts'

describe('readTemplateArguments', () => {
  it('reads JSON as such, and any other text as it is', () => {
    const texts = ['a=false', 'b=3', 'c="3"', 'd=June 2026', 'e=', 'f=[1,{"x":null}]', 'g=x=y', '_h2=null']
    expect(readTemplateArguments(texts)).toEqual({
      ...{ a: false, b: 3, c: '3', d: 'June 2026', e: '', f: [1, { x: null }], g: 'x=y', _h2: null },
    })
  })

  it.each([
    ['enable_thinking', /"enable_thinking": expected NAME=VALUE with the name of a variable/],
    ['=false', /expected NAME=VALUE/],
    ['a.b=1', /expected NAME=VALUE/],
    ['messages=[]', /the template is given messages in any case/],
    ['add_generation_prompt=false', /is given add_generation_prompt in any case/],
    ['bos_token=<s>', /is given bos_token in any case/],
  ])('refuses %s', (text, message) => {
    expect(() => readTemplateArguments([text])).toThrow(InputError)
    expect(() => readTemplateArguments([text])).toThrow(message)
  })

  it('refuses two values of one name', () => {
    expect(() => readTemplateArguments(['a=1', 'a=1'])).toThrow(/a is given twice/)
  })

  it('gives back what templateArgumentTexts writes', () => {
    const name = fc
      .stringMatching(/^[a-z]\w{0,8}$/)
      .filter(
        text =>
          !/_token$|^(range|loop|dict|and|or|not|in|is|if|else|none|true|false|tools|messages)$/.test(text),
      )
    const value = fc.oneof(fc.jsonValue({ noUnicodeString: false }), fc.string())
    fc.assert(
      fc.property(fc.dictionary(name, value), given => {
        const read = readTemplateArguments(templateArgumentTexts(given))
        expect(JSON.stringify(read)).toBe(JSON.stringify(given))
      }),
    )
  })
})

it('tells of arguments that a template never looks at, and of what Python would have meant', async () => {
  const files = {
    ...promptFolders['as it ships']!.files,
    'chat_template.jinja':
      '{% macro m(e) %}{{ e }}{% endmacro %}{% set d = a | c %}{{ m(f=1) }}{% for g in messages %}{{ g.h }}{% if b is i %}{% endif %}{% endfor %}' +
      '{% for x in messages if j %}{{ k[l] }}{% endfor %}',
  }
  const given = Object.fromEntries(Array.from('abcdefghijklmn', name => [name, 1]))
  const tokenizer = await openTokenizer(filesInMemory(files), given)
  expect(tokenizer.unreadArguments().join('')).toBe('cdfhin')
  expect(describeTemplateArguments({ a: 'False', c: 'None', e: 'x' }, ['c'])).toEqual([
    "--template-arg c: the model's chat template never looks at it, so that it changes nothing",
    '--template-arg a=False: is the text "False"; JSON has false',
    '--template-arg c=None: is the text "None"; JSON has null',
  ])
})
