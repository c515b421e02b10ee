import type { RowGroupPlace } from './parquet-writer.ts'

/** A row group of `traces.parquet`: its place in the file, and which rows of the run it holds. */
export interface TraceGroup extends RowGroupPlace {
  firstRow: number
  rowCount: number
}

/**
 * Where every sample lies in `traces.parquet`, in the order of the file. `summary.parquet` holds it, so that a reader need
 * not fetch the footer of a large `traces.parquet`, which is some kilobytes a row group.
 */
export interface TraceIndex {
  /** Length of `traces.parquet`, bytes: tells whether both files were written together. */
  fileBytes: number
  groups: TraceGroup[]
}
