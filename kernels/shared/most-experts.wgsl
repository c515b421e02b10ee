// Experts of a layer at most: what is kept of each of them in workgroup memory fits the 16 KiB that WebGPU promises.

const MAX_EXPERTS = 1024u;
