// What package.json's scripts run: sees to a new enough Node and the locked packages, then runs the command. Plain
// JavaScript without dependencies, because the Node that is found may be too old for TypeScript and nothing is installed.
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { prepareDemoFolder } from './bootstrap/demo-folder.mjs'
import { ensureNode } from './bootstrap/ensure-node.mjs'
import { ensurePackages } from './bootstrap/ensure-packages.mjs'
import { endOnInterrupt, run, runEntraceProgram } from './bootstrap/run.mjs'
import { SetupError, say } from './bootstrap/say.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const inRoot = (...names) => join(root, ...names)

async function main([command, ...args]) {
  const perform = commands[command]
  if (!perform)
    throw new SetupError(
      `no command "${command ?? ''}", expected one of ${Object.keys(commands).join(', ')}`,
      2,
    )
  const node = await ensureNode()
  const path =
    node === process.execPath ? process.env.PATH : `${dirname(node)}${delimiter}${process.env.PATH}`
  await ensurePackages(root, node)
  return perform({ node, env: { ...process.env, PATH: path, NODE: node, npm_node_execpath: node } }, args)
}

const commands = {
  entrace: runEntrace,
  demo: async (context, flags) => {
    const finish = prepareDemoFolder(root, flags)
    const job = [
      'eval',
      '--model',
      inRoot('models/arith-qwen2'),
      '--dataset',
      inRoot('datasets/arith-104.jsonl'),
    ]
    const exitCode = await runEntrace(context, [...job, '--out', inRoot('runs/demo'), ...flags])
    finish(exitCode)
    return exitCode
  },
  test: (context, args) => runTool(context, 'vitest/vitest.mjs', 'run', ...args),
  'test:long': (context, args) => runTool(context, 'vitest/vitest.mjs', 'run', '--mode', 'long', ...args),
  check: async context =>
    (await runTool(context, 'typescript/bin/tsc')) ||
    (await runTool(context, 'typescript/bin/tsc', '--project', 'tsconfig.web.json')) ||
    (await runTool(context, '@biomejs/biome/bin/biome', 'check')),
  build: async context =>
    (await runTool(context, 'vite/bin/vite.js', 'build', '--config', 'vite.build.config.ts')) ||
    (await runTool(context, 'vite/bin/vite.js', 'build', '--config', 'vite.web.config.ts')) ||
    (await runTool(context, 'typescript/bin/tsc', '--project', 'tsconfig.build.json')) ||
    (await runTool(context, 'typescript/bin/tsc', '--project', 'tsconfig.build.page.json')),
}

function runEntrace({ node, env }, args) {
  const wgslLoader = pathToFileURL(inRoot('node-runner/wgsl-loader.mjs')).href
  return runEntraceProgram(node, ['--import', wgslLoader, inRoot('node-runner/entrace.ts'), ...args], env)
}

function runTool({ node, env }, script, ...args) {
  return run(node, [inRoot('node_modules', script), ...args], { env, cwd: root })
}

endOnInterrupt()
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  say(error.message)
  process.exitCode = error.exitCode
}
