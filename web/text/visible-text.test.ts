import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inlineText, legibleText, visiblePieces } from './visible-text.ts'

describe('visiblePieces', () => {
  it('draws white space', () => {
    expect(visiblePieces(' a  b\n\n\tc')).toEqual([
      { text: ' ', glyph: '·', isControl: false },
      { text: 'a', glyph: null, isControl: false },
      { text: '  ', glyph: '··', isControl: false },
      { text: 'b', glyph: null, isControl: false },
      { text: '\n', glyph: '↵', isControl: false },
      { text: '\n', glyph: '↵', isControl: false },
      { text: '\t', glyph: '→', isControl: false },
      { text: 'c', glyph: null, isControl: false },
    ])
  })

  it('names controls and what turns or hides text', () => {
    expect(visiblePieces('a\u0000\u202Eb\u200B')).toEqual([
      { text: 'a', glyph: null, isControl: false },
      { text: '\u0000\u202E', glyph: '␀⟨U+202E⟩', isControl: true },
      { text: 'b', glyph: null, isControl: false },
      { text: '\u200B', glyph: '⟨U+200B⟩', isControl: true },
    ])
  })

  it('leaves an emoji of several parts whole', () => {
    expect(visiblePieces('👩‍👧')).toEqual([{ text: '👩‍👧', glyph: null, isControl: false }])
  })

  it('keeps every character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(
          visiblePieces(text)
            .map(piece => piece.text)
            .join(''),
        ).toBe(text)
      }),
    )
  })
})

it('inlineText is one line of what is seen', () => {
  expect(inlineText('a b\nc')).toBe('a·b↵c')
  expect(inlineText('x'.repeat(50))).toBe(`${'x'.repeat(40)}…`)
})

it('shows what would turn an answer, and leaves its white space', () => {
  expect(legibleText('x = \u202E21\u202C\n')).toBe('x = ⟨U+202E⟩21⟨U+202C⟩\n')
})
