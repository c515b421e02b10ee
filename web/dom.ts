type Child = Node | string | number | null | undefined | false

type Attribute = string | number | boolean | null | undefined | ((event: never) => void)

/**
 * An element with attributes and children. A function is a listener of the event that its name has after `on`; true is an
 * attribute without a value, and false, null and undefined are none. Strings become text, never markup.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, Attribute> = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, String(value))
  }
  for (const child of children.flat())
    if (child !== null && child !== undefined && child !== false)
      element.append(typeof child === 'number' ? String(child) : child)
  return element
}

/** A button that submits no form, with what it does. */
export function button(
  content: Child | Child[],
  run: () => void,
  attributes: Record<string, Attribute> = {},
): HTMLButtonElement {
  return h('button', { type: 'button', ...attributes, onclick: () => run() }, content)
}

/** What is folded below a summary. */
export function details(summary: string, content: HTMLElement, attributes = {}): HTMLElement {
  return h('details', attributes, h('summary', {}, summary), content)
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
