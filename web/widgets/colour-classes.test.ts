import { describe, expect, it } from 'vitest'
import { classColours, colourClass, colourClasses, contrast, parseRgb } from './colour-classes.ts'

describe('colourClass', () => {
  it.each([
    [0, 0],
    [0.1, 0],
    [0.1000001, 1],
    [1.05, 4],
    [1.9, 7],
    [40, 7],
    [Number.NaN, 0],
  ])('of a doubt of %d between 0.1 and 2 is %d', (doubt, expected) => {
    expect(colourClass(doubt, [0.1, 2])).toBe(expected)
  })

  it('jumps from none to full where both thresholds are one', () => {
    expect([0.9, 1, 1.1].map(doubt => colourClass(doubt, [1, 1]))).toEqual([0, 0, colourClasses - 1])
  })
})

describe.each([
  ['light', [252, 252, 250]],
  ['dark', [22, 24, 28]],
] as const)('classColours on a %s page', (_, page) => {
  const colours = classColours(page)

  it('can be read', () => {
    expect(colours).toHaveLength(colourClasses - 1)
    for (const { background, ink } of colours)
      expect(contrast(parseRgb(background), parseRgb(ink))).toBeGreaterThanOrEqual(4.5)
  })

  it('stand out the more the larger the doubt', () => {
    const steps = colours.map(({ background }) => contrast(parseRgb(background), page))
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    for (const [index, step] of steps.slice(1).entries()) expect(step / steps[index]!).toBeGreaterThan(1.05)
  })
})

it('contrast agrees with WCAG', () => {
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 10)
  expect(contrast([119, 119, 119], [255, 255, 255])).toBeCloseTo(4.478, 3)
})
