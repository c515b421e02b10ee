import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import LongestFirst from './test/support/longest-first.ts'

const folders = '{kernels,core,node-runner,web,test,packaging}/**'
/** Folders of functions that keep nothing between calls: a process may run many files of their tests, one after another. */
const pureFolders = 'core/{grade,study,figures,report,evaluate}/**'

// Hundreds of commands begin from source: Node keeps the JavaScript that it makes of it, a third of what a short one takes.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('.cache/compiled', import.meta.url))

/** Long tests are a mode of their own: `vitest run --mode long`. */
export default defineConfig(({ mode }) => ({
  test: {
    // Against what hangs alone: a machine that has much else to do is slow, and a hook may run whole commands that many tests read.
    testTimeout: mode === 'long' ? 3_600_000 : 480_000,
    hookTimeout: 480_000,
    setupFiles: ['./test/support/property-seed.ts'],
    pool: 'forks',
    // Commands, browsers and devices partly wait for one another: as many workers as there are cores leave them idle for a sixth of the time.
    maxWorkers: mode === 'long' ? '100%' : availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/count-reporter.ts'],
    projects:
      mode === 'long'
        ? [{ extends: true, test: { name: 'long', include: [`${folders}/*.long.test.ts`] } }]
        : [
            {
              extends: true,
              test: {
                name: 'alone',
                include: [`${folders}/*.test.ts`],
                exclude: [`${folders}/*.long.test.ts`, `${pureFolders}/*.test.ts`],
              },
            },
            {
              extends: true,
              test: {
                name: 'together',
                include: [`${pureFolders}/*.test.ts`],
                exclude: [`${folders}/*.long.test.ts`],
                isolate: false,
              },
            },
          ],
  },
}))
