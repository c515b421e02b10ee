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

/** The files of a drop: those dropped themselves and those directly in a dropped folder. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = Array.from(transfer.items, item => item.webkitGetAsEntry()).filter(entry => entry !== null)
  if (entries.length === 0) return Array.from(transfer.files)
  return (await Promise.all(entries.map(entry => filesOfEntry(entry, true)))).flat()
}

async function filesOfEntry(entry: FileSystemEntry, descend: boolean): Promise<File[]> {
  if (entry.isFile)
    return [
      await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)),
    ]
  if (!descend) return []
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const files: File[] = []
  for (;;) {
    // A reader hands over a hundred entries at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (entries.length === 0) return files
    files.push(...(await Promise.all(entries.map(child => filesOfEntry(child, false)))).flat())
  }
}

/** Has the browser save a file. */
export function saveBlob(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob)
  h('a', { href, download: name }).click()
  // The browser reads it after this call returned.
  setTimeout(() => URL.revokeObjectURL(href), 60_000)
}
