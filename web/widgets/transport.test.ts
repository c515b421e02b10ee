import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advance, currentToken, type Playback, play, recordedPace } from './transport.ts'

const paused: Playback = { count: 100, position: 0, playing: false, tokensPerSecond: 20, loop: null }

describe('advance', () => {
  it('moves by the pace', () => {
    const after = advance({ ...paused, playing: true }, 100)
    expect(after.position).toBeCloseTo(2, 12)
    expect(currentToken(after)).toBe(2)
  })

  it('does nothing while paused', () => {
    expect(advance(paused, 1000)).toBe(paused)
  })

  it('stops on the last token', () => {
    const after = advance({ ...paused, playing: true, position: 98.5 }, 200)
    expect(after).toMatchObject({ position: 99, playing: false })
  })

  it('begins the loop again', () => {
    const loop = { start: 10, end: 20 }
    const after = advance({ ...paused, playing: true, position: 19.5, loop }, 100)
    expect(after.position).toBeCloseTo(11.5, 12)
    expect(after.playing).toBe(true)
  })

  it('does not race after a page was hidden', () => {
    expect(advance({ ...paused, playing: true }, 60_000).position).toBe(5)
  })

  it('reaches the same token however the time is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 50 }), frames => {
        let playback: Playback = { ...paused, playing: true }
        for (const elapsed of frames) playback = advance(playback, elapsed)
        const total = frames.reduce((sum, elapsed) => sum + elapsed, 0)
        expect(playback.position).toBeCloseTo(Math.min(99, total / 50), 6)
      }),
    )
  })
})

describe('play', () => {
  it('goes on from where it stands, and from the start at the end', () => {
    expect(play({ ...paused, position: 7 })).toMatchObject({ playing: true, position: 7 })
    expect(play({ ...paused, position: 99 })).toMatchObject({ playing: true, position: 0 })
  })

  it('enters the loop', () => {
    const loop = { start: 10, end: 20 }
    expect(play({ ...paused, position: 99, loop }).position).toBe(10)
    expect(play({ ...paused, position: 12, loop }).position).toBe(12)
  })

  it('has nothing to play in an empty answer', () => {
    expect(play({ ...paused, count: 0 }).playing).toBe(false)
    expect(play({ ...paused, count: 1 }).playing).toBe(false)
  })
})

it('recordedPace spreads the tokens evenly', () => {
  expect(recordedPace(50, 2000)).toBe(25)
  expect(recordedPace(50, 0)).toBeNull()
  expect(recordedPace(0, 10)).toBeNull()
})
