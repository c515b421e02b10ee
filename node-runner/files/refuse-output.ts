// shim
export { refuseOutput } from './write-file-atomic.ts'
