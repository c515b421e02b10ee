// shim
export { columnsOf } from '../study/columns.ts'
