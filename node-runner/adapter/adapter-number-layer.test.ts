import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { describeWhere } from '../../test/support/describe-where.ts'

const cache = mkdtempSync(join(tmpdir(), 'entrace-layer-'))
afterAll(() => rmSync(cache, { recursive: true }))
const moduleUrl = new URL('./adapter-number-layer.ts', import.meta.url).href

/** Builds the layer in a process of its own and returns the folder; rejects with what it prints as errors. */
async function build(env: Record<string, string> = {}): Promise<string> {
  const script = `import { buildAdapterNumberLayer } from '${moduleUrl}'
    console.log(buildAdapterNumberLayer())`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, ENTRACE_CACHE: cache, ...env },
  })
  return stdout.trim()
}

describeWhere(
  process.platform === 'linux',
  'the layer is for Linux',
  'building the layer that numbers adapters',
  () => {
    it('leaves one whole folder when four processes build it at once, without a warning', async () => {
      const folders = await Promise.all(Array.from({ length: 4 }, () => build({ CC: 'cc -Werror' })))
      expect(new Set(folders).size).toBe(1)
      expect(readdirSync(cache)).toEqual([basename(folders[0]!)])
      expect(readdirSync(folders[0]!).sort()).toEqual([
        'adapter-number-layer.json',
        'libadapter-number-layer.so',
      ])
      const { layer } = JSON.parse(readFileSync(join(folders[0]!, 'adapter-number-layer.json'), 'utf8'))
      expect(layer).toMatchObject({
        name: 'VK_LAYER_ENTRACE_adapter_number',
        library_path: './libadapter-number-layer.so',
      })
    })

    it('looks for another compiler where CC names none', async () => {
      expect(await build({ CC: 'no-such-compiler' })).toMatch(/adapter-number-layer-[0-9a-f]{16}$/)
    })

    it('says why, and leaves nothing, where the compiler fails', async () => {
      const before = readdirSync(cache)
      // A compiler that knows its version and nothing else.
      const script = `${cache}-cc`
      const lines = [
        '#!/bin/sh',
        'test "$1" = --version && exec echo broken 1',
        'echo "error: no stdio.h" >&2',
        'exit 1',
      ]
      writeFileSync(script, lines.join('\n'), { mode: 0o755 })
      await expect(build({ CC: script })).rejects.toThrow(
        /cannot compile it \(error: no stdio\.h\)\. Install a C compiler/,
      )
      rmSync(script)
      expect(readdirSync(cache)).toEqual(before)
    })
  },
)
