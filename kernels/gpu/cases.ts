import type { BenchCase } from './bench.ts'
import type { CheckCase, Comparison } from './check.ts'
import type { Device } from './device.ts'
import type { PreparedKernel } from './prepared-kernel.ts'

/** What is timed and what is checked of a kernel. */
export interface KernelCases {
  benches: BenchCase[]
  checks: CheckCase[]
}

/** How a kernel is run at a shape, in one of its variants where it has some. */
export interface KernelUse<Shape, Variant, Checked> {
  /** The variants, all of which are timed and checked; left out for a kernel that has only one. */
  variants?: readonly Variant[]
  /** Makes the kernel's tensors for a benchmark. */
  prepare(device: Device, shape: Shape, variant: NoInfer<Variant>): Promise<PreparedKernel>
  /** Runs the kernel on inputs that are always the same, and compares what it computed. */
  check(device: Device, shape: NoInfer<Checked>, variant: NoInfer<Variant>): Promise<Comparison[]>
  /** Shapes to check where they are others than those to time. */
  checkedShapes?: readonly Checked[]
}

/**
 * The cases of a kernel: each variant over its shapes. `kernel` is the name that `entrace bench` and reports give it: one
 * that was once published stays, whatever its folder is called by then.
 */
export function kernelCases<
  Shape extends { name: string },
  Variant extends string,
  Checked extends { name: string } = Shape,
>(kernel: string, shapes: readonly Shape[], use: KernelUse<NoInfer<Shape>, Variant, Checked>): KernelCases {
  const over = <Each extends { name: string }, Case>(
    each: readonly Each[],
    make: (shape: Each, variant: Variant) => Case,
  ) =>
    (use.variants ?? [null]).flatMap(variant =>
      each.map(shape => ({ kernel, variant, shape: shape.name, ...make(shape, variant as Variant) })),
    )
  // Where no other shapes are given, those that are checked are those that are timed.
  const checkedShapes = use.checkedShapes ?? (shapes as readonly unknown[] as readonly Checked[])
  return {
    benches: over(shapes, (shape, variant) => ({
      prepare: (device: Device) => use.prepare(device, shape, variant),
    })),
    checks: over(checkedShapes, (shape, variant) => ({
      run: (device: Device) => use.check(device, shape, variant),
    })),
  }
}
