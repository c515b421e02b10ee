// shim
export { createRunFindings, type RunFindings, readRunFindings } from '../study/run-findings.ts'
