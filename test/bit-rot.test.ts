import { describeBitRot } from './support/describe-bit-rot.ts'

describeBitRot(500)
