import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect } from 'vitest'
import { coverageOf } from '../../core/analyse/coverage.ts'
import { InputError } from '../../core/input-error.ts'
import {
  askedSamples,
  describeRun,
  listDifferences,
  type RunDescription,
  readRunDescription,
  uncheckedFiles,
} from '../../node-runner/run/run-description.ts'

/**
 * Changes a run.json in many ways and has it read and used: every error is the project's own and names the file. Returns how many
 * changed files were read and how many were refused.
 */
export function fuzzRunDescription(
  path: string,
  run: RunDescription,
  numRuns: number,
): { read: number; refused: number } {
  const text = JSON.stringify(run)
  const places = fc.nat(text.length - 1)
  const values = fc.constantFrom('0', '-1', '1e308', '[]', '{}', '""', 'null', 'true', '"1/0"')
  const stated = [...text.matchAll(/:("[^"]*"|[\d.]+|\[[^[\]]*\]|\{[^{}]*\}|null|true|false)/g)]
  const changes = fc.oneof(
    fc.tuple(places, places).map(([a, b]) => text.slice(0, Math.min(a, b)) + text.slice(Math.max(a, b))),
    fc
      .tuple(places, fc.integer({ min: 32, max: 126 }))
      .map(([at, code]) => text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1)),
    // Another value at any path.
    fc.tuple(fc.constantFrom(...stated), values).map(([{ index, 1: before = '' }, value]) => {
      return text.slice(0, index + 1) + value + text.slice(index + 1 + before.length)
    }),
  )
  const counts = { read: 0, refused: 0 }
  const property = fc.property(changes, changed => {
    writeFileSync(path, changed)
    try {
      const found = readRunDescription(path)!
      listDifferences(found, run)
      uncheckedFiles([found, run])
      coverageOf(askedSamples(found), [{ problemIndex: 0, sampleIndex: 0 }])
      describeRun(found, found.limit, found.shard)
      counts.read++
    } catch (error) {
      expect(error).toBeInstanceOf(InputError)
      expect(String(error)).toContain(path)
      counts.refused++
    }
  })
  fc.assert(property, { numRuns })
  return counts
}
