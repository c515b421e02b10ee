// shim
export {
  createTaskQueue as shareWork,
  type TaskQueue as SharedWork,
  TaskQueueClient as WorkView,
} from './task-queue.ts'
