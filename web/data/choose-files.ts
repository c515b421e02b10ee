import { h } from '../dom.ts'

/** Has the reader choose files; calls back with them unless there are none. */
export function chooseFiles(then: (files: File[]) => void): void {
  const input = h('input', { type: 'file', multiple: true })
  input.addEventListener('change', () => {
    const files = Array.from(input.files ?? [])
    if (files.length > 0) then(files)
  })
  input.click()
}
