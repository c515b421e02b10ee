// shim
export type { Communicator as Exchange } from './communicator.ts'
export { GroupAbortedError, soloCommunicator as soloExchange } from './communicator.ts'
