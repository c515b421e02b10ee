// shim
export * from '../models/load-tokenizer.ts'
