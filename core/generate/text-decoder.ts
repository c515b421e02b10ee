// shim
export * from '../tokenizer/tokenizer.ts'
