// shim
export { writeFileAtomic as writeFileWhole } from './write-file-atomic.ts'
