import { defineConfig } from 'vitest/config'

const folders = '{kernels,core,node-runner,web,test,packaging}/**'

/** Long tests are a mode of their own: `vitest run --mode long`. */
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === 'long' ? `${folders}/*.long.test.ts` : `${folders}/*.test.ts`],
    exclude: mode === 'long' ? [] : [`${folders}/*.long.test.ts`],
    // Against what hangs alone: a machine that has much else to do is slow, and a hook may run whole commands that many tests read.
    testTimeout: mode === 'long' ? 3_600_000 : 480_000,
    hookTimeout: 480_000,
    setupFiles: ['./test/support/property-seed.ts'],
    pool: 'forks',
    // Commands and devices mostly wait for one another; one worker less than there are cores would leave them idle.
    maxWorkers: '100%',
    reporters: ['default', './test/support/count-reporter.ts'],
  },
}))
