// shim
export * from './grade-answer.ts'
