import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { PartFile, PartTakenError } from './part-file.ts'

const root = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(root, { recursive: true }))
afterEach(() => void vi.useRealTimers())
const content = new TextEncoder().encode('content')
const hex = createHash('sha256').update(content).digest('hex')

async function begin() {
  const folder = mkdtempSync(join(root, 'blobs-'))
  const part = await PartFile.take(join(folder, hex), content.length, { algorithm: 'sha256', hex })
  const path = join(folder, readdirSync(folder)[0]!)
  return { folder, part, path, blob: join(folder, hex) }
}

it('is shown to be alive while nothing comes', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { part, path } = await begin()
  utimesSync(path, 0, 0)
  vi.advanceTimersByTime(5_000)
  await vi.waitUntil(() => statSync(path).mtimeMs > 0, { timeout: 240_000 })
  await part.giveBack()
  expect(vi.getTimerCount()).toBe(0)
})

it('is not written, cut or made the blob once another has it', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { folder, part, path, blob } = await begin()
  await part.append(content)
  const other = join(folder, `${hex}.other.incomplete`)
  renameSync(path, other)
  await expect(part.restart()).rejects.toThrow(PartTakenError)
  await expect(part.append(content)).rejects.toThrow(PartTakenError)
  await expect(part.finish()).rejects.toThrow(PartTakenError)
  await part.giveBack()
  expect(existsSync(blob)).toBe(false)
  expect(readFileSync(other, 'utf8')).toBe('content')
})
