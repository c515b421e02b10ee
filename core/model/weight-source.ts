import type { Tensor } from '../../kernels/gpu/tensor.ts'
import type { PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import type { Range } from '../parallel/split-range.ts'

/** A part of a checkpoint tensor that becomes part of a packed weight. */
export interface WeightPart {
  name: string
  /** Rows of the tensor that this rank holds. */
  rows: Range
  /** Columns, where the tensor is split by columns. */
  columns?: Range
  /** Rows among those that no rank before holds: this rank accounts for them. */
  owned?: Range
  /** Where the first row goes, and the distance to the next. */
  firstOutput?: number
  outputStride?: number
}

/** A range of a checkpoint vector that becomes part of a vector. */
export interface VectorPart {
  name: string
  range: Range
  /** Of the range, what this rank accounts for. */
  owned: Range
}

/** Where a rank's weights come from: a checkpoint, or a seed. */
export interface WeightSource {
  /** A packed weight [outputs, inputs] made of parts of tensors of one type. */
  packed(label: string, outputs: number, inputs: number, parts: WeightPart[]): Promise<PackedWeight>
  /** Ranges of one or more vectors, one after another, as f32. */
  vector(label: string, parts: VectorPart[]): Promise<Tensor>
  /** Gives back what only the making of weights needs. */
  destroy(): void
}
