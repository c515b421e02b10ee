// shim
export { tokenColumns } from '../../study/columns.ts'
