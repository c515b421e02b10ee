// shim
export { countersSince as accountSince, type DeviceCounters as Account } from './device.ts'
