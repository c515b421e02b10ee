// shim
export {
  type Comparison,
  compareBits,
  compareClose,
  describeMismatch,
  type Tolerance,
} from './check.ts'
