import { describeBitRot } from './support/describe-bit-rot.ts'

// Every bit of every file.
describeBitRot(Number.POSITIVE_INFINITY)
