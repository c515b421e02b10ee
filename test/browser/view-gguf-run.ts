import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { openGguf } from '../../core/files/gguf.ts'
import { ggufModelName } from '../../core/model/gguf-files.ts'
import { openTraces, type TraceSample } from '../../core/record/traces.ts'
import { openFileByteSource } from '../../node-runner/files/file-byte-source.ts'
import { serveView, type ViewServer } from '../../node-runner/view/serve-view.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { patienceMs } from './launch-chromium.ts'
import { type BranchPages, openBranchPages } from './open-branch-pages.ts'

/** A run that a model in GGUF made, in a browser, with what was asked of the server. */
export interface ViewedGgufRun {
  pages: BranchPages
  at: ViewServer
  /** The only answer of the run. */
  recorded: TraceSample
  /** How often the server was asked for bytes of tensors, since it was asked this last. */
  tensorReads(): number
  /** Opens a branch by its link in a new page of the context. */
  openLink(context: BrowserContext, hash: string): Promise<Page>
  close(): Promise<void>
}

/** Has the model of a file answer one problem of a data set by `eval`, and shows that run with it. */
export async function viewGgufRun(path: string, ...flags: string[]): Promise<ViewedGgufRun> {
  const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
  const run = join(folder, 'run')
  const args = ['eval', '--model', path, '--limit', '1', '--out', run, '--quiet', ...flags]
  const { exitCode, stderr } = await runEntrace(args)
  expect(exitCode, stderr).toBe(0)
  const traces = await openFileByteSource(join(run, 'traces.parquet'))
  const recorded = await (await openTraces(traces)).read(0)
  await traces.close()
  const file = await openFileByteSource(path)
  const { headerBytes } = await openGguf(file)
  await file.close()

  let reads = 0
  const countReads = (message: unknown) => {
    const { url = '', headers } = (message as { request: IncomingMessage }).request
    const [, start] = /^bytes=(\d+)-/.exec(headers.range ?? '') ?? []
    if (url.endsWith('.gguf') && Number(start) >= headerBytes) reads++
  }
  subscribe('http.server.request.start', countReads)
  const pages = await openBranchPages()
  const at = await serveView(pages.pageFiles, run, 0, [], { path, name: ggufModelName(path) })
  return {
    pages,
    at,
    recorded,
    tensorReads() {
      const counted = reads
      reads = 0
      return counted
    },
    async openLink(context, hash) {
      const page = await context.newPage()
      page.setDefaultTimeout(patienceMs)
      await page.goto(`${at.url}#/?${hash}`)
      return page
    },
    async close() {
      unsubscribe('http.server.request.start', countReads)
      await at.close()
      await pages.close()
      rmSync(folder, { recursive: true })
    },
  }
}
