import { compareBits } from '../../kernels/gpu/check.ts'
import { expectAgreement } from './expect-close.ts'

type Numbers = Float32Array | Uint32Array | Uint16Array

/** Fails where any number differs, -0 from 0 too, with the first of them in aligned rows; of millions, in no time. */
export function expectSameBits(what: string, found: Numbers, expected: Numbers): void {
  expectAgreement([compareBits(what, found, expected)])
}
