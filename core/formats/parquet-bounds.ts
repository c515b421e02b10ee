// shim
export * from '../files/parquet-bounds.ts'
