// shim
export * from '../models/open-model.ts'
