import type katex from 'katex'
import { mathSegments, type TextSegment } from './math-segments.ts'

/** How long typesetting holds the page at a time, in milliseconds. */
const sliceMs = 8

// The text is an answer of a model: nothing in it may load, link or style, and no macro may run away.
const options = {
  trust: false,
  strict: 'ignore',
  maxExpand: 500,
  maxSize: 20,
  output: 'htmlAndMathml',
  // What is not trusted is shown in this colour.
  errorColor: 'inherit',
} as const

/**
 * Fills `target` with a text and its mathematics typeset by KaTeX, which is fetched the first time. What KaTeX cannot read
 * stands as it was written. Works in slices, so that a long answer does not hold the page, until `signal` stops it.
 */
export async function renderMathematics(
  target: HTMLElement,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const [{ default: library }] = await Promise.all([import('katex'), import('katex/dist/katex.min.css')])
  target.replaceChildren()
  let sliceEnd = performance.now() + sliceMs
  for (const paragraph of text.split(/\n{2,}/)) {
    if (signal.aborted) return
    const block = document.createElement('p')
    block.dir = 'auto'
    for (const segment of mathSegments(paragraph)) block.append(renderSegment(library, segment))
    target.append(block)
    if (performance.now() < sliceEnd) continue
    await new Promise(resolve => setTimeout(resolve))
    sliceEnd = performance.now() + sliceMs
  }
}

/** By the DOM, never as markup: a strict content security policy lets KaTeX set styles only that way. */
function renderSegment(library: typeof katex, segment: TextSegment): Node {
  if (segment.kind === 'text') return document.createTextNode(segment.text)
  const element = document.createElement('span')
  element.className = segment.kind === 'display' ? 'formula formula-display' : 'formula'
  try {
    library.render(segment.text, element, { ...options, displayMode: segment.kind === 'display' })
  } catch {
    // It cannot be read. KaTeX's own rendering of an error would set a style that the policy forbids.
    element.textContent = segment.text
  }
  return element
}
