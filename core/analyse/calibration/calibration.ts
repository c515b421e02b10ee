// shim
export * from '../../study/calibration/calibration.ts'
