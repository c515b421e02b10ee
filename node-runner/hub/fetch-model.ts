// shim
export * from '../models/fetch-from-hub.ts'
