// shim
export { makeFolderAtomic as makeFolderWhole } from './folders.ts'
