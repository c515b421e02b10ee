#!/usr/bin/env node
import { endOnInterrupt } from './terminal/end-signals.ts'

// Before the commands are loaded, which takes a second: a signal is answered from the first moment on.
endOnInterrupt()
const { runCommandLine } = await import('./command-line.ts')
await runCommandLine()
