import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { describeWhere } from './support/describe-where.ts'
import { eightAdapters } from './support/eight-adapters.ts'
import { runEntrace } from './support/run-entrace.ts'
import { readResults, readRunFile } from './support/run-files.ts'

const drivers = eightAdapters()
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function answersOf(ranks: number) {
  const out = join(folder, `tp-${ranks}`)
  const data = ['--dataset', 'datasets/arith-104.jsonl', '--limit', '4', '--out', out]
  const args = ['eval', '--model', 'models/arith-qwen2', ...data, '--tp', String(ranks)]
  const { exitCode, stderr } = await runEntrace(args, { VK_DRIVER_FILES: drivers! })
  expect(exitCode, stderr).toBe(0)
  return { results: readResults(out), run: readRunFile(out, 'run.json'), stderr }
}

describeWhere(
  drivers !== null,
  'no SwiftShader on this machine (Linux on x64, with @sparticuz/chromium)',
  'eight ranks over eight adapters of one name',
  () => {
    it('compute each on its own, and give the answers of one', async () => {
      const alone = await answersOf(1)
      const together = await answersOf(8)
      const adapters = together.run['adapters'] as { name: string; kind: string }[]
      // What each rank's device reports, where the numbering layer has put the number.
      expect(adapters.map(({ name, kind }) => [/device-subzero-(\d)-of-8/.exec(name)?.[1], kind])).toEqual(
        Array.from({ length: 8 }, (_, rank) => [String(rank), 'cpu']),
      )
      expect(together.stderr).not.toContain('8 ranks on')
      for (const name of ['tokenIds', 'correct'] as const)
        expect(together.results.map(result => result[name])).toEqual(
          alone.results.map(result => result[name]),
        )
      for (const [i, { tokenEntropiesNats }] of together.results.entries())
        for (const [step, entropy] of tokenEntropiesNats.entries())
          expect(Math.abs(entropy - alone.results[i]!.tokenEntropiesNats[step]!)).toBeLessThan(1e-4)
    })
  },
)
