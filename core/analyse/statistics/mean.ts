// shim
export { mean } from '../../study/statistics/moments.ts'
