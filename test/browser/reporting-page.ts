import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { patienceMs } from './launch-chromium.ts'

/** A page in a context of its own, which reports its errors and warnings. */
export async function reportingPage(
  browser: Browser,
  options: BrowserContextOptions,
  report: (text: string) => void,
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(patienceMs)
  // Playwright takes a while to begin to listen to choosers of files.
  page.on('filechooser', () => {})
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) report(message.text())
  })
  page.on('pageerror', error => report(String(error)))
  return page
}
