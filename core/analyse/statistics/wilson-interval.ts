// shim
export { type Interval, wilsonInterval } from '../../study/statistics/intervals.ts'
