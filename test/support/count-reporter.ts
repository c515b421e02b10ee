import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** Ends a run with one line that scripts can read: "12 passed, 0 failed", and ", 1 skipped" where some were. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    console.log(countLine(modules, unhandledErrors.length))
  }
}

/** A module that broke outside its tests counts as a failure, and so does an error that belongs to no test. */
export function countLine(modules: readonly TestModule[], unhandledErrors: number): string {
  const tests = modules.flatMap(module => [...module.children.allTests()])
  const states = tests.map(test => test.result().state)
  const brokenModules = modules.filter(module => module.errors().length > 0).length
  const passed = states.filter(state => state === 'passed').length
  // A test that was never reached (the run was interrupted) did not pass either.
  const skipped = states.filter(state => state === 'skipped').length
  const failed = states.length - passed - skipped + brokenModules + unhandledErrors
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
