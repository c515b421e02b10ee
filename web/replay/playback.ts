/** The tokens from `start` up to, not including, `end`. */
export interface Stretch {
  start: number
  end: number
}

/** Where a replay stands. A pure value: the page advances it once a frame. */
export interface Playback {
  /** Number of tokens of the answer. */
  count: number
  /** The current token plus the share of its time that has passed. */
  position: number
  playing: boolean
  tokensPerSecond: number
  /** What is repeated; null plays to the end. */
  loop: Stretch | null
}

/** The token that `playback` stands on. */
export function currentToken(playback: Playback): number {
  return Math.max(0, Math.min(playback.count - 1, Math.floor(playback.position)))
}

/**
 * `playback` after so much time: at the end of the loop it begins again, at the end of the answer it stops on the last
 * token. A page that was hidden for long does not race: no more than `longestFrameMs` pass at once.
 */
export function advance(playback: Playback, elapsedMs: number, longestFrameMs = 250): Playback {
  if (!playback.playing) return playback
  const { count, loop } = playback
  const step = (Math.min(elapsedMs, longestFrameMs) / 1000) * playback.tokensPerSecond
  const position = playback.position + step
  if (loop && position >= loop.end)
    return { ...playback, position: loop.start + ((position - loop.end) % (loop.end - loop.start)) }
  if (position >= count - 1) return { ...playback, position: Math.max(0, count - 1), playing: false }
  return { ...playback, position }
}

/** Begins to play: from the loop's start when outside of it, from the answer's start when at its end. */
export function play(playback: Playback): Playback {
  const { count, loop, position } = playback
  if (count === 0) return playback
  if (loop && !(position >= loop.start && position < loop.end))
    return { ...playback, playing: true, position: loop.start }
  if (!loop && position >= count - 1) return { ...playback, playing: count > 1, position: 0 }
  return { ...playback, playing: true }
}

/**
 * The pace that was recorded, in tokens a second: a run keeps how long an answer took, not when each token came, so the
 * tokens are spread evenly. Null where nothing was measured.
 */
export function recordedPace(generatedTokens: number, durationMs: number): number | null {
  return generatedTokens > 0 && durationMs > 0 ? (generatedTokens / durationMs) * 1000 : null
}
