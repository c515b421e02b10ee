// shim
export { processLogitsReference } from './process-logits.cases.ts'
