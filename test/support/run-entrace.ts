import { type ChildProcess, spawn } from 'node:child_process'

/** How a command ended and what it wrote. */
export interface CommandResult {
  /** Null when a signal ended it. */
  exitCode: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A command under way. */
export interface RunningCommand {
  child: ChildProcess
  result: Promise<CommandResult>
}

/** Starts the command line from source in a process of its own. `env` adds to this process's environment. */
export function startEntrace(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
  const source = ['--import', './node-runner/wgsl-loader.mjs', 'node-runner/entrace.ts']
  const child = spawn(process.execPath, [...source, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  const result = new Promise<CommandResult>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) =>
      resolve({
        exitCode,
        signal,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      }),
    )
  })
  return { child, result }
}

/** Runs the command line from source to its end. */
export function runEntrace(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  return startEntrace(args, env).result
}
