// shim
export { openAtomicFile as openWholeFile } from './write-file-atomic.ts'
