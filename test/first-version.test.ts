import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { journalIndexName } from '../core/record/journal-index.ts'
import { DigestMismatch, manifestName } from '../core/record/manifest.ts'
import { analyseCommand } from '../node-runner/commands/analyse.ts'
import { compareCommand } from '../node-runner/commands/compare.ts'
import { exportCommand } from '../node-runner/commands/export.ts'
import { mergeCommand } from '../node-runner/commands/merge.ts'
import { exportFormats } from '../node-runner/run/export-run.ts'
import { pageFolder } from '../node-runner/view/page-folder.ts'
import { serveView } from '../node-runner/view/serve-view.ts'
import { launchChromium } from './browser/launch-chromium.ts'
import { damagedFiles } from './support/damage-run.ts'
import { runCommand } from './support/run-command.ts'
import { readResults, readRunFile } from './support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
let folders = 0

const parquetNames = ['summary.parquet', 'traces.parquet']

/** A copy of a run of 0.1.0 as that left it, with the files that the viewer and comparisons read; without these it was interrupted. */
function firstVersionRun({ isDone = true } = {}): string {
  const path = join(folder, `${folders++}`)
  cpSync('test/golden/run-0.1.0', path, { recursive: true })
  const zipped = join(path, 'analysis.json.gz')
  if (isDone) writeFileSync(join(path, 'analysis.json'), gunzipSync(readFileSync(zipped)))
  for (const name of ['analysis.json.gz', ...(isDone ? [] : parquetNames)]) rmSync(join(path, name))
  return path
}

// That such a run is resumed is in commands/identity.test.ts, where the model is at hand.
describe.each([
  ['finished', true],
  ['interrupted', false],
])('a run of 0.1.0, %s', (_, isDone) => {
  it('is analysed, and gets digests of what it holds, the journal too', async () => {
    const path = firstVersionRun({ isDone })
    const journal = readFileSync(join(path, 'samples.jsonl'), 'utf8')
    const { stdout } = await runCommand(analyseCommand(), [path, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      total: 2,
      coverage: { samples: 2, of: 2, missing: { count: 0 } },
    })
    expect(readResults(path)).toHaveLength(2)
    expect(damagedFiles(path)).toEqual([])
    expect(readFileSync(join(path, journalIndexName), 'utf8').match(/\n/g)).toHaveLength(2)
    expect(readFileSync(join(path, 'samples.jsonl'), 'utf8')).toBe(journal)
    const again = await runCommand(analyseCommand(), [path, '--json'])
    expect(again.stdout).toBe(stdout)
    writeFileSync(join(path, 'samples.jsonl'), journal.replace('marbles', 'Marbles'))
    await expect(runCommand(analyseCommand(), [path])).rejects.toThrow(DigestMismatch)
  })

  it('is compared, exported and merged', async () => {
    const path = firstVersionRun({ isDone })
    const before = readFileSync(join(path, 'run.json'), 'utf8')
    const compared = await runCommand(compareCommand(), [path, firstVersionRun(), '--json'])
    expect(JSON.parse(compared.stdout)).toMatchObject({ runs: [{ total: 2 }, { total: 2 }] })
    for (const format of Object.keys(exportFormats)) {
      const out = join(folder, `${folders++}.${format === 'inspect' ? 'json' : 'jsonl'}`)
      const { stdout } = await runCommand(exportCommand(), [path, '--format', format, '--out', out])
      expect(stdout, format).toContain('2 samples')
      expect(readFileSync(out, 'utf8').includes('147 / 7 = '), format).toBe(true)
    }
    const merged = join(folder, `${folders++}`)
    await runCommand(mergeCommand(), [path, '--out', merged, '--quiet'])
    expect(readResults(merged).map(({ problemId }) => problemId)).toEqual(['0', '1'])
    expect(readRunFile(merged, 'run.json')).toMatchObject({ versions: { entrace: '0.1.0' } })
    expect(readFileSync(join(path, 'run.json'), 'utf8')).toBe(before)
  })
})

it('a finished run of 0.1.0 is analysed from the columns that it wrote', async () => {
  const path = firstVersionRun()
  const columns = parquetNames.map(name => readFileSync(join(path, name)))
  const { stdout } = await runCommand(analyseCommand(), [path, '--from-columns', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ total: 2, coverage: { samples: 2, of: 2 } })
  expect(parquetNames.map(name => readFileSync(join(path, name)))).toEqual(columns)
  expect(damagedFiles(path)).toEqual([])
})

describe('a run of 0.1.0 in the page', () => {
  let browser: Browser
  let pages: string
  beforeAll(async () => {
    pages = pageFolder(() => {})
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  /** Opens a run and its first sample, and hands the page to `look`. */
  async function show(path: string, look: (page: Page) => Promise<unknown>): Promise<void> {
    const server = await serveView(pages, path)
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('pageerror', error => problems.push(String(error)))
    try {
      await page.goto(server.url)
      await page.locator('.table-row').first().waitFor()
      await look(page)
      await page.goto(`${server.url}#/?sample=0.0&token=2`)
      await page.locator('.token-panel.is-locked').waitFor()
      expect(await page.locator('.token-panel .token-place').textContent()).toContain('3 of 8')
      expect(await page.locator('.answer-text').textContent()).toContain('147 / 7')
      expect(problems).toEqual([])
    } finally {
      await page.close()
      await server.close()
    }
  }

  it('is shown from its columns, from its journal, and as it goes on', async () => {
    const count = (page: Page) => page.locator('.filter-bar .count')
    await show(firstVersionRun(), async page => {
      expect(await count(page).textContent()).toContain('2 samples')
      expect(await page.locator('.run-card').textContent()).toContain('arith-qwen2')
    })
    const path = firstVersionRun({ isDone: false })
    const journal = readFileSync(join(path, 'samples.jsonl'), 'utf8')
    const end = journal.indexOf('\n') + 1
    writeFileSync(join(path, 'samples.jsonl'), journal.slice(0, end))
    await show(path, async page => {
      expect(await count(page).textContent()).toContain('1 sample')
      appendFileSync(join(path, 'samples.jsonl'), journal.slice(end))
      await count(page).getByText('2 samples').waitFor()
    })
  })

  it('is one that was analysed since', async () => {
    const path = firstVersionRun({ isDone: false })
    await runCommand(analyseCommand(), [path, '--quiet'])
    expect(readRunFile(path, manifestName)).toMatchObject({ samples: 2 })
    await show(path, async () => {})
  })
})
