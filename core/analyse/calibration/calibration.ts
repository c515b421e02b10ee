// shim
export type { ReliabilityBin } from '../../study/calibration/calibration.ts'
