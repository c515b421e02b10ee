// shim
export { allColumnsOf } from '../study/columns.ts'
