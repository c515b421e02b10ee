// shim
export { type BenchClock, createBenchClock } from './bench.ts'
