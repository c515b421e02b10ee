/** What goes on with branches. */
export type BranchStatus =
  | { kind: 'idle' }
  /** With `total`, `done` bytes of it are read. */
  | { kind: 'working'; text: string; done?: number; total?: number }
  /** Waits for an answer. */
  | { kind: 'asking'; text: string }
  | { kind: 'failed'; text: string }

/** The model that makes branches. */
export interface BranchModel {
  name: string
  adapterName: string
  weightDigest: string
  /** Whether its weights are those of the run; null where the run does not say. */
  isRuns: boolean | null
}
