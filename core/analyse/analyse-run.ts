// shim
export { analyseRun } from '../report/record-study.ts'
export { calibrateAnswers, calibratedSamples, columnsCoverage } from '../study/analyse-run.ts'
