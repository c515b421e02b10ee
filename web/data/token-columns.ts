// shim
export { spliceColumns, tokenColumns as columnsOfRecords } from '../../core/record/token.ts'
