// shim
export { distributions } from './random.ts'
