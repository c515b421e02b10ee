import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files of tests that take longest on two cores, longest first: each compiles many pipelines on a CPU adapter or runs
 * many commands. A fresh clone knows no times of a run before and would begin with the longest texts; a minute's work
 * that begins last leaves all cores but one idle.
 */
export const longestFiles = [
  'test/pretrained.test.ts',
  'kernels/linear/linear.test.ts',
  'test/golden-gguf.test.ts',
  'test/families.test.ts',
  'test/commands/generate.test.ts',
  'test/same-results.test.ts',
  'test/commands/stops.test.ts',
  'test/commands/acceptance.test.ts',
  'test/golden.test.ts',
  'kernels/linear/expert-linear.test.ts',
  'test/commands/engine-faults.test.ts',
  'test/commands/resume.test.ts',
  'test/commands/mesh.test.ts',
  'test/commands/asking.test.ts',
  'test/run-lease.test.ts',
  'test/front-door.test.ts',
  'test/commands/identity.test.ts',
  'core/model/dummy-weights.test.ts',
  'test/package.test.ts',
  'core/model/rank-costs.test.ts',
  'test/browser/branch-gguf.test.ts',
  'test/browser/branch.test.ts',
  'test/fuzz.test.ts',
  'test/browser/viewer.test.ts',
]

/** Begins with the files that take longest; the others as vitest would, the files that need a process each first. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = (file: TestSpecification) => {
      const at = longestFiles.indexOf(relative(this.ctx.config.root, file.moduleId))
      return at < 0 ? longestFiles.length : at
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}
