// shim
export * from '../report/words.ts'
