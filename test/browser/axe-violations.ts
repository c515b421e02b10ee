import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

/** What axe-core finds in a part of a page: for each rule that is broken the first elements, with what to do. */
export async function axeViolations(page: Page, within: string): Promise<unknown[]> {
  // The page's policy keeps scripts of others out; the debugger's do not pass it.
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'))
  return page.evaluate(
    `axe.run('${within}', { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 3).map(node => node.html.slice(0, 200) + node.failureSummary) })))`,
  )
}
