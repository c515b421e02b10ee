import { addCases } from './add/add.cases.ts'
import { applyFilterCases } from './apply-filter/apply-filter.cases.ts'
import { attentionCases } from './attention/attention.cases.ts'
import { combineExpertsCases } from './combine-experts/combine-experts.cases.ts'
import { copySlotsCases } from './copy-slots/copy-slots.cases.ts'
import { embedCases } from './embed/embed.cases.ts'
import { entropyCases } from './entropy/entropy.cases.ts'
import { filterThresholdCases } from './filter-threshold/filter-threshold.cases.ts'
import { gatherRowsCases } from './gather-rows/gather-rows.cases.ts'
import { expertLinearCases } from './linear/expert-linear.cases.ts'
import { linearCases } from './linear/linear.cases.ts'
import { markSeenCases } from './mark-seen/mark-seen.cases.ts'
import { massHistogramCases } from './mass-histogram/mass-histogram.cases.ts'
import { packWeightCases } from './pack-weight/pack-weight.cases.ts'
import { processLogitsCases } from './process-logits/process-logits.cases.ts'
import { randomWeightCases } from './random-weight/random-weight.cases.ts'
import { rmsNormCases } from './rms-norm/rms-norm.cases.ts'
import { ropeCases } from './rope/rope.cases.ts'
import { routeExpertsCases } from './route-experts/route-experts.cases.ts'
import { sampleCases } from './sample/sample.cases.ts'
import { softmaxCases } from './softmax/softmax.cases.ts'
import { tokenRankCases } from './token-rank/token-rank.cases.ts'
import { topKCases } from './top-k/top-k.cases.ts'

/** Every kernel's cases, in the order of a forward pass. */
const allCases = [
  packWeightCases,
  randomWeightCases,
  embedCases,
  rmsNormCases,
  linearCases,
  ropeCases,
  attentionCases,
  routeExpertsCases,
  expertLinearCases,
  combineExpertsCases,
  addCases,
  softmaxCases,
  gatherRowsCases,
  entropyCases,
  topKCases,
  markSeenCases,
  processLogitsCases,
  filterThresholdCases,
  massHistogramCases,
  applyFilterCases,
  sampleCases,
  tokenRankCases,
  copySlotsCases,
]

/** What `entrace bench` times: every kernel and variant over its shapes. */
export const allBenches = allCases.flatMap(({ benches }) => benches)

/** What is checked against float64: the same kernels and variants. */
export const allChecks = allCases.flatMap(({ checks }) => checks)
