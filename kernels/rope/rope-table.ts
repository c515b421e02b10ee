// shim
export { ropeTable } from './rope.ts'
