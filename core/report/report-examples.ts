// shim
export * from './patterns-section.ts'
