// shim
export { type TieGroups, tieGroups } from '../../study/statistics/ranks.ts'
