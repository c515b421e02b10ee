import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{kernels,core,node-runner,test}/**/*.test.ts'],
    testTimeout: 60_000,
    pool: 'forks',
  },
})
