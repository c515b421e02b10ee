#!/usr/bin/env node
// The installed command: JavaScript that was built, on this Node or, where it is too old, on a newer one from npm.
import { fileURLToPath } from 'node:url'
import { ensureNode } from '../node-runner/bootstrap/ensure-node.mjs'
import { runEntraceProgram } from '../node-runner/bootstrap/run.mjs'
import { SetupError, say } from '../node-runner/bootstrap/say.mjs'

const program = new URL('../dist/node-runner/entrace.js', import.meta.url)

try {
  const node = await ensureNode()
  if (node === process.execPath) await import(program.href)
  else
    process.exitCode = await runEntraceProgram(
      node,
      [fileURLToPath(program), ...process.argv.slice(2)],
      process.env,
    )
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  say(error.message)
  process.exitCode = error.exitCode
}
