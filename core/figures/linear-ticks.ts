import { type ScaleLinear, scaleLinear } from 'd3'
import type { Tick } from './panel.ts'

/** A linear axis with about five ticks, over `range` pixels. */
export function linearTicks(
  domain: [number, number],
  range: [number, number],
  label: (value: number) => string,
): { position: ScaleLinear<number, number>; ticks: Tick[] } {
  const position = scaleLinear().domain(domain).range(range)
  return { position, ticks: position.ticks(5).map(value => ({ at: position(value), label: label(value) })) }
}
