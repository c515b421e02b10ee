import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { say } from './say.mjs'

const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1']
// Ctrl-C reaches this process twice, from the terminal and from npm, which passes it on.
const sameSignalMs = 500
/** How long a program has that is asked to end a second time. */
const lastWordsMs = 1000
/** Exit code of what was interrupted and goes on when it is started again. */
const interrupted = 130
const endWithParent = pathToFileURL(fileURLToPath(new URL('./end-with-parent.mjs', import.meta.url))).href

/** Has a signal end this process with a word and exit code 130 while it runs no program. */
export function endOnInterrupt() {
  for (const signal of forwardedSignals) process.on(signal, endAtOnce)
}

function endAtOnce() {
  say('interrupted before the command began; run it again')
  process.exit(interrupted)
}

/**
 * Runs a program to its end, on this process's streams unless the options say otherwise, and passes signals on.
 * Resolves to the exit code as a shell gives it: 128 + the signal's number when a signal ended it.
 */
export function run(executable, args, options = {}) {
  return runChild(executable, args, options, false)
}

/**
 * Runs a Node program that handles signals itself: each reaches it once, however it was sent. For that it has a process
 * group of its own, which a terminal's Ctrl-C and a kill of this group pass by; it ends when this process is killed.
 */
export function runNodeProgram(node, args, env) {
  return runChild(node, ['--import', endWithParent, ...args], groupOfItsOwn(env), false)
}

/**
 * Runs the command line as `runNodeProgram` does. Signals wait until it says that it answers them, since one that comes
 * while it loads would end it without a word. A second one ends it also where it is too busy to answer. What a signal ended
 * has the exit code of an interrupted run, 130.
 */
export function runEntraceProgram(node, args, env) {
  return runChild(node, ['--import', endWithParent, ...args], groupOfItsOwn(env), true)
}

function groupOfItsOwn(env) {
  return {
    env,
    detached: process.platform !== 'win32',
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  }
}

function runChild(executable, args, options, isEntrace) {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, { stdio: 'inherit', ...options })
    const lastMs = new Map()
    const waiting = []
    let isReady = !isEntrace
    let count = 0
    const forward = signal => {
      const repeated = Date.now() - (lastMs.get(signal) ?? 0) < sameSignalMs
      lastMs.set(signal, Date.now())
      if (repeated) return
      if (isReady) child.kill(signal)
      else waiting.push(signal)
      if (isEntrace && ++count === 2) setTimeout(() => child.kill('SIGKILL'), lastWordsMs).unref()
    }
    const endedAtOnce = forwardedSignals.filter(signal => process.listeners(signal).includes(endAtOnce))
    const settle = () => {
      for (const signal of endedAtOnce) process.on(signal, endAtOnce)
      for (const signal of forwardedSignals) process.off(signal, forward)
    }
    for (const signal of forwardedSignals) process.on(signal, forward).off(signal, endAtOnce)
    child.on('message', message => {
      if (message !== 'ready') return
      isReady = true
      for (const signal of waiting.splice(0)) child.kill(signal)
    })
    child.on('error', error => {
      settle()
      reject(error)
    })
    child.on('exit', (code, signal) => {
      settle()
      const wasInterrupted =
        isEntrace && (forwardedSignals.includes(signal) || (signal === 'SIGKILL' && count > 1))
      resolve(wasInterrupted ? interrupted : (code ?? 128 + constants.signals[signal]))
    })
  })
}
