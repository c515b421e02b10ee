import type { Stretch } from './playback.ts'

/** A stretch with one end moved to a token, which it holds then; the other stays, unless that would leave nothing. */
export function moveEnd({ start, end }: Stretch, moved: 'start' | 'end', token: number): Stretch {
  return moved === 'start'
    ? { start: token, end: Math.max(token + 1, end) }
    : { start: Math.min(token, start), end: token + 1 }
}
