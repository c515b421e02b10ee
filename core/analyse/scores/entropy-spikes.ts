// shim
export * from '../../study/scores/sequence-measures.ts'
