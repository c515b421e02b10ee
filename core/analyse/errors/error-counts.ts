// shim
export * from '../../study/errors/error-counts.ts'
