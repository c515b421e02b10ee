// shim
export * from './hub-data-sets.ts'
