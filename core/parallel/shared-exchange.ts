// shim
export type { GroupMemory as SharedExchangeMemory } from './communicator.ts'
export {
  createGroupMemory as createSharedExchange,
  sharedMemoryCommunicator as joinSharedExchange,
} from './communicator.ts'
