// shim
export { linearTicks } from './chart.ts'
