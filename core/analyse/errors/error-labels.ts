// shim
export { type ErrorLabels, readErrorLabels } from '../../study/errors/error-labels.ts'
