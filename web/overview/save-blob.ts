import { h } from '../dom.ts'

/** Has the browser save a file. */
export function saveBlob(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob)
  h('a', { href, download: name }).click()
  // The browser reads it after this call returned.
  setTimeout(() => URL.revokeObjectURL(href), 60_000)
}
