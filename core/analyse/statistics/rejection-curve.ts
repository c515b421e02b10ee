// shim
export { type RejectionPoint, rejectionCurve } from '../../study/statistics/selective-prediction.ts'
