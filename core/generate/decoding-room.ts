// shim
export { decodingLimits as decodingRoom } from './decoding.ts'
