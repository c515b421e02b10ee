// shim
export { type RunFindings, readRunFindings } from '../study/findings.ts'
export { createRunFindings } from '../study/run-findings.ts'
