/** What a drawing needs of a document: a browser's has it, and so has linkedom's. */
export interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgElement
}

/** What a drawing needs of an element. */
export interface SvgElement {
  readonly ownerDocument: SvgDocument | null
  readonly outerHTML: string
  textContent: string | null
  setAttribute(name: string, value: string): void
  appendChild(child: SvgElement): unknown
}

export const svgNamespace = 'http://www.w3.org/2000/svg'

/** What no XML may hold, not even escaped: most control characters, and half of a surrogate pair. */
const noXml = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/** Adds a child with these attributes and returns it; numbers keep two decimals, which is finer than any screen or print. */
export function appendElement(
  parent: SvgElement,
  name: string,
  attributes: Record<string, string | number>,
  text?: string,
): SvgElement {
  const child = parent.ownerDocument!.createElementNS(svgNamespace, name)
  for (const [key, value] of Object.entries(attributes))
    child.setAttribute(key, typeof value === 'number' ? String(Math.round(value * 100) / 100) : value)
  if (text !== undefined) child.textContent = text.replaceAll(noXml, '\ufffd')
  parent.appendChild(child)
  return child
}
