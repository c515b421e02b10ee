import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { pageFolder } from '../../node-runner/view/page-folder.ts'
import { serveView, type ViewServer } from '../../node-runner/view/serve-view.ts'
import { launchChromium, patienceMs } from './launch-chromium.ts'
import { reportingPage } from './reporting-page.ts'

/** The run of the demo and the model that made it. */
export const demo = 'web/public/demo'
export const model = { path: 'models/arith-qwen2', name: 'arith-qwen2' }

/** How a page of its own is opened. */
export interface PageOptions extends BrowserContextOptions {
  at?: ViewServer
  query?: string
  /** Runs before the page's own. */
  script?: string
}

/** A browser for the demo's answers, and what continues them. */
export interface BranchPages {
  /** Folder of the built page. */
  pageFiles: string
  /** Of the demo with its model. */
  server: ViewServer
  /** What pages reported, as errors or warnings. */
  reported: string[]
  /**
   * Shows an answer: in the page that others used before, whose model is loaded once and whose branches stay; with options
   * in one of its own.
   */
  open(hash: string, options?: PageOptions): Promise<Page>
  close(): Promise<void>
}

/** Starts browser and server. */
export async function openBranchPages(): Promise<BranchPages> {
  const pageFiles = pageFolder(() => {})
  const server = await serveView(pageFiles, demo, 0, [], model)
  const browser: Browser = await launchChromium()
  const reported: string[] = []
  let sharedPage: Page | undefined

  async function newPage({ at: _, query: __, script, ...options }: PageOptions): Promise<Page> {
    const page = await reportingPage(browser, options, text => reported.push(text))
    page.setDefaultTimeout(patienceMs)
    if (script) await page.addInitScript(script)
    return page
  }

  return {
    pageFiles,
    server,
    reported,
    async open(hash, options) {
      const { at = server, query = '' } = options ?? {}
      const page = options ? await newPage(options) : (sharedPage ??= await newPage({}))
      await page.goto(`${at.url}${query}#/`)
      await page.goto(`${at.url}${query}#/?${hash}`)
      await page.waitForSelector('.token.current')
      return page
    },
    async close() {
      await browser.close()
      await server.close()
    },
  }
}
