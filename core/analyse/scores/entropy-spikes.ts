// shim
export { findSpikes } from '../../study/scores/sequence-measures.ts'
