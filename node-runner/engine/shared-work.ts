// shim
export * from './task-queue.ts'
