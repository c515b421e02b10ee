// shim
export { allColumnsOf } from '../study/all-columns.ts'
