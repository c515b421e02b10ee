// shim
export { mainScore } from '../study/selection.ts'
