// shim
export { count, digits, estimate, nats, percent, probability, withInterval } from './words.ts'
