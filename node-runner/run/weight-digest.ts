// shim
export { DigestSum as WeightDigest } from '../../core/formats/digest-sum.ts'
