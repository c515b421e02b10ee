// shim
export * from '../../study/errors/error-labels.ts'
