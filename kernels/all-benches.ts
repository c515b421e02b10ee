import { addBench } from './add/add.bench.ts'
import { attentionBench } from './attention/attention.bench.ts'
import { chooseBench } from './choose/choose.bench.ts'
import { copySlotsBench } from './copy-slots/copy-slots.bench.ts'
import { embedBench } from './embed/embed.bench.ts'
import { entropyBench } from './entropy/entropy.bench.ts'
import type { BenchCase } from './gpu/bench.ts'
import { keepLikeliestBench } from './keep-likeliest/keep-likeliest.bench.ts'
import { likeliestBench } from './likeliest/likeliest.bench.ts'
import { linearBench } from './linear/linear.bench.ts'
import { massHistogramBench } from './mass-histogram/mass-histogram.bench.ts'
import { packWeightBench } from './pack-weight/pack-weight.bench.ts'
import { processLogitsBench } from './process-logits/process-logits.bench.ts'
import { randomWeightBench } from './random-weight/random-weight.bench.ts'
import { rankBench } from './rank/rank.bench.ts'
import { rmsNormBench } from './rms-norm/rms-norm.bench.ts'
import { ropeBench } from './rope/rope.bench.ts'
import { siluMulBench } from './silu-mul/silu-mul.bench.ts'
import { softmaxBench } from './softmax/softmax.bench.ts'
import { topKBench } from './top-k/top-k.bench.ts'

/** Every kernel's cases, in the order of a forward pass. */
export const allBenches: readonly BenchCase[] = [
  ...packWeightBench,
  ...randomWeightBench,
  ...embedBench,
  ...rmsNormBench,
  ...linearBench,
  ...ropeBench,
  ...attentionBench,
  ...siluMulBench,
  ...addBench,
  ...softmaxBench,
  ...entropyBench,
  ...topKBench,
  ...processLogitsBench,
  ...likeliestBench,
  ...massHistogramBench,
  ...keepLikeliestBench,
  ...chooseBench,
  ...rankBench,
  ...copySlotsBench,
]
