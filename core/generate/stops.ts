// shim

export { endOfTurn, eosTokenOf, firstBehind, type TokenizerEnds } from '../tokenizer/tokenizer.ts'
export {
  answerText,
  describeStops,
  modelStops,
  type StatedEnds,
  type Stops,
  stopTextAt,
  stopTokens,
} from './answer-end.ts'
