// shim
export { median } from '../../study/statistics/moments.ts'
