import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'

const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP']
// Ctrl-C reaches this process twice, from the terminal and from npm, which passes it on.
const sameSignalMs = 500
const endWithParent = pathToFileURL(fileURLToPath(new URL('./end-with-parent.mjs', import.meta.url))).href

/**
 * Runs a program to its end, on this process's streams unless the options say otherwise, and passes signals on.
 * Resolves to the exit code as a shell gives it: 128 + the signal's number when a signal ended it.
 */
export function run(executable, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, { stdio: 'inherit', ...options })
    const lastMs = new Map()
    const forward = signal => {
      const repeated = Date.now() - (lastMs.get(signal) ?? 0) < sameSignalMs
      lastMs.set(signal, Date.now())
      if (!repeated) child.kill(signal)
    }
    const settle = () => {
      for (const signal of forwardedSignals) process.off(signal, forward)
    }
    for (const signal of forwardedSignals) process.on(signal, forward)
    child.on('error', error => {
      settle()
      reject(error)
    })
    child.on('exit', (code, signal) => {
      settle()
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

/**
 * Runs a Node program that handles signals itself: each reaches it once, however it was sent. For that it has a process
 * group of its own, which a terminal's Ctrl-C and a kill of this group pass by; it ends when this process is killed.
 */
export function runNodeProgram(node, args, env) {
  return run(node, ['--import', endWithParent, ...args], {
    env,
    detached: process.platform !== 'win32',
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
}
