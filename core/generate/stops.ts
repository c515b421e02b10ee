// shim

export { endOfTurn, eosTokenOf, firstBehind, type TokenizerEnds } from '../tokenizer/tokenizer.ts'
export {
  answerText,
  describeStops,
  modelStops,
  type SaidStops,
  type StatedEnds,
  type StopSource,
  type Stops,
  type StopToken,
  stopTextAt,
  stopTokens,
} from './answer-end.ts'
