// shim
export { localCommunicators as createLocalExchanges } from './communicator.ts'
