// The type of a packed weight: its place in kernels/pack-weight/weight-types.ts.

override WEIGHT_TYPE: u32 = 2u;

const F32 = 0u;
const F16 = 1u;
const BF16 = 2u;
const Q8_0 = 3u;
const Q4_0 = 4u;
const Q4_1 = 5u;
const Q5_0 = 6u;
const Q5_1 = 7u;
const IQ4_NL = 8u;
const MXFP4 = 9u;
const Q2_K = 10u;
const Q3_K = 11u;
const Q4_K = 12u;
const Q5_K = 13u;
const Q6_K = 14u;
