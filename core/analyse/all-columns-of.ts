// shim
export * from '../study/columns.ts'
