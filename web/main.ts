import { createShell } from './shell/create-shell.ts'

createShell(document.body)
