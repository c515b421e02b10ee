import { addChecks } from './add/add.check.ts'
import { attentionChecks } from './attention/attention.check.ts'
import { chooseChecks } from './choose/choose.check.ts'
import { copySlotsChecks } from './copy-slots/copy-slots.check.ts'
import { embedChecks } from './embed/embed.check.ts'
import { entropyChecks } from './entropy/entropy.check.ts'
import type { CheckCase } from './gpu/check.ts'
import { keepLikeliestChecks } from './keep-likeliest/keep-likeliest.check.ts'
import { likeliestChecks } from './likeliest/likeliest.check.ts'
import { linearChecks } from './linear/linear.check.ts'
import { massHistogramChecks } from './mass-histogram/mass-histogram.check.ts'
import { packWeightChecks } from './pack-weight/pack-weight.check.ts'
import { processLogitsChecks } from './process-logits/process-logits.check.ts'
import { randomWeightChecks } from './random-weight/random-weight.check.ts'
import { rankChecks } from './rank/rank.check.ts'
import { rmsNormChecks } from './rms-norm/rms-norm.check.ts'
import { ropeChecks } from './rope/rope.check.ts'
import { siluMulChecks } from './silu-mul/silu-mul.check.ts'
import { softmaxChecks } from './softmax/softmax.check.ts'
import { topKChecks } from './top-k/top-k.check.ts'

/** Every kernel's cases, in the order of a forward pass. */
export const allChecks: readonly CheckCase[] = [
  ...packWeightChecks,
  ...randomWeightChecks,
  ...embedChecks,
  ...rmsNormChecks,
  ...linearChecks,
  ...ropeChecks,
  ...attentionChecks,
  ...siluMulChecks,
  ...addChecks,
  ...softmaxChecks,
  ...entropyChecks,
  ...topKChecks,
  ...processLogitsChecks,
  ...likeliestChecks,
  ...massHistogramChecks,
  ...keepLikeliestChecks,
  ...chooseChecks,
  ...rankChecks,
  ...copySlotsChecks,
]
