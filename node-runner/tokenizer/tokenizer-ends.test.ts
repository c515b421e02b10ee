import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadTokenizer } from './load-tokenizer.ts'

const arith = 'models/arith-qwen2'
const parent = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(parent, { recursive: true }))

const readJson = (name: string) => JSON.parse(readFileSync(join(arith, name), 'utf8'))

/** Tokens that families of models end turns and texts with, as the tokenizer below numbers them from 503 on. */
const added = [
  ...[
    '<|eot_id|>',
    '<|eom_id|>',
    '<|start_header_id|>',
    '<|end_header_id|>',
    '<start_of_turn>',
    '<end_of_turn>',
  ],
  ...['[INST]', '[/INST]', '<s>', '</s>', '<|user|>', '<|assistant|>', '<|end|>', '<｜end▁of▁sentence｜>'],
]
const idOf = (text: string) => 503 + added.indexOf(text)

/** The shipped tokenizer with those tokens, another config and perhaps further files. */
function tokenizerWith(config: object, files: Record<string, string> = {}) {
  const folder = mkdtempSync(join(parent, 'tokenizer-'))
  cpSync(join(arith, 'tokenizer.json'), join(folder, 'tokenizer.json'))
  const tokenizer = readJson('tokenizer.json')
  for (const content of added) {
    // One that is not called special, as some checkpoints have their turns'.
    const special = content !== '<|end|>'
    tokenizer.added_tokens.push({ ...tokenizer.added_tokens[0], id: idOf(content), content, special })
  }
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer))
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return loadTokenizer(folder)
}

const base = { ...readJson('tokenizer_config.json'), chat_template: undefined, eos_token: '<|endoftext|>' }

const each = (turn: string, prompt: string) =>
  `{%- for turn in messages -%}${turn}{%- endfor -%}{%- if add_generation_prompt -%}${prompt}{%- endif -%}`
const chatMl = each(
  "{{- '<|im_start|>' + turn.role + '\\n' + turn.content + '<|im_end|>\\n' -}}",
  "{{- '<|im_start|>assistant\\n' -}}",
)
const headers = "'<|start_header_id|>' + turn.role + '<|end_header_id|>\\n\\n' + (turn.content | trim)"

describe("the end of turn of a chat template, beside the tokenizer's own end of text", () => {
  it.each<[string, string, string | number]>([
    ['ChatML', chatMl, 502],
    [
      'headers of roles',
      each(
        `{{- ${headers} + '<|eot_id|>' -}}`,
        "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}",
      ),
      '<|eot_id|>',
    ],
    [
      'messages that end unlike turns',
      each(
        `{{- ${headers} + ('<|eom_id|>' if turn.role == 'assistant' else '<|eot_id|>') -}}`,
        "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}",
      ),
      '<|eom_id|>',
    ],
    [
      'turns of user and model',
      "{%- if messages[0].role == 'system' -%}{{- raise_exception('there is no system turn') -}}{%- endif -%}" +
        each(
          "{{- '<start_of_turn>' + ('model' if turn.role == 'assistant' else turn.role) + '\\n' + turn.content | trim + '<end_of_turn>\\n' -}}",
          "{{- '<start_of_turn>model\\n' -}}",
        ),
      '<end_of_turn>',
    ],
    [
      'instructions in brackets',
      "{{- '<s>' -}}" +
        each(
          "{{- '[INST] ' + turn.content + ' [/INST]' if turn.role == 'user' else ' ' + turn.content + ' ' + '</s>' -}}",
          '',
        ),
      '</s>',
    ],
    [
      'bars around roles, the end of text behind all',
      `${each("{{- '<|' + turn.role + '|>\\n' + turn.content + '<|end|>\\n' -}}", "{{- '<|assistant|>\\n' -}}")}{%- if not add_generation_prompt -%}{{- eos_token -}}{%- endif -%}`,
      '<|end|>',
    ],
    [
      'thoughts that are left out of what was said',
      each(
        "{{- turn.content.split('</think>')[-1] + ('<｜end▁of▁sentence｜>' if turn.role == 'assistant' else '') -}}",
        "{{- '<think>\\n' -}}",
      ),
      '<｜end▁of▁sentence｜>',
    ],
    ["the tokenizer's own", each('{{- turn.content + eos_token -}}', ''), '<|endoftext|>'],
  ])('%s', async (_, template, token) => {
    const tokenizer = await tokenizerWith({ ...base, chat_template: template })
    const expected = token === '<|endoftext|>' ? 500 : typeof token === 'number' ? token : idOf(token)
    expect(tokenizer.endOfTurnId()).toBe(expected)
    expect(tokenizer.eosId).toBe(500)
  })

  it.each([
    [
      'plain words',
      each("{{- '### ' + turn.role + '\\n' + turn.content + '\\n' -}}", "{{- '### answer\\n' -}}"),
    ],
    [
      'a template that takes no answers',
      "{{- raise_exception('a question, please') if messages | length > 1 -}}",
    ],
    ['a template that shows no answers', "{{- messages[0].content + '<|im_end|>' -}}"],
  ])('is none of %s', async (_, template) => {
    expect((await tokenizerWith({ ...base, chat_template: template })).endOfTurnId()).toBeNull()
  })

  it('is none without a template', async () => {
    expect((await tokenizerWith(base)).endOfTurnId()).toBeNull()
  })
})

describe("the tokenizer's own end of text", () => {
  const { eos_token: _, ...silent } = base
  const map = { 'special_tokens_map.json': JSON.stringify({ eos_token: { content: '</s>' } }) }

  it.each<[string, object, Record<string, string>, number | null]>([
    ['of its config', { ...base, eos_token: '<|eot_id|>' }, map, idOf('<|eot_id|>')],
    ['written as a token', { ...base, eos_token: { content: '</s>', lstrip: false } }, {}, idOf('</s>')],
    ['of special_tokens_map.json where the config is silent', silent, map, idOf('</s>')],
    ['null in the config', { ...base, eos_token: null }, map, null],
    ['in no file', silent, {}, null],
    ['no token of this tokenizer', { ...base, eos_token: '<EOS>' }, {}, null],
    [
      'a token of its vocabulary',
      { ...base, eos_token: '7' },
      {},
      readJson('tokenizer.json').model.vocab['7'],
    ],
  ])('%s', async (_, config, files, expected) => {
    expect((await tokenizerWith(config, files)).eosId).toBe(expected)
  })
})
