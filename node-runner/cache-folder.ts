// shim
export { cacheFolder } from './files/folders.ts'
