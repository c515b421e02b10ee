import type { Shortcut } from '../keys/keyboard.ts'

/** What the keyboard does in a replay. */
export interface ReplayActions {
  togglePlay(): void
  step(by: 1 | -1): void
  jumpSpike(by: 1 | -1): void
  toStart(): void
  toEnd(): void
  lock(): void
  /** Undoes one thing: the lock, the stretch; with neither, leaves the sample. */
  undo(): void
  setEnd(end: 'start' | 'end'): void
  toggleLoop(): void
  zoom(factor: number): void
  pan(share: number): void
  fit(): void
  shiftPace(by: 1 | -1): void
  nextMeasure(): void
  toggleTypeset(): void
  compare(): void
}

const zoomFactor = 1.5
const panShare = 0.25

/** The keys of a replay, with the names that the sheet shows: those of Perfetto and rerun where they have one. */
export function replayShortcuts(act: ReplayActions): Shortcut[] {
  return [
    { keys: [' '], name: 'play or pause', run: act.togglePlay },
    { keys: ['.', 'ArrowRight'], name: 'next token', run: () => act.step(1) },
    { keys: [',', 'ArrowLeft'], name: 'previous token', run: () => act.step(-1) },
    { keys: ['>', 'Shift+ArrowRight'], name: 'next spike', run: () => act.jumpSpike(1) },
    { keys: ['<', 'Shift+ArrowLeft'], name: 'previous spike', run: () => act.jumpSpike(-1) },
    { keys: ['Home'], name: 'first token', run: act.toStart },
    { keys: ['End'], name: 'last token', run: act.toEnd },
    { keys: ['Enter'], name: 'lock the token, or let it go', run: act.lock },
    { keys: ['Escape'], name: 'unlock, let go of the stretch, or leave', run: act.undo },
    { keys: ['b'], name: 'begin a stretch here', run: () => act.setEnd('start') },
    { keys: ['e'], name: 'end the stretch here', run: () => act.setEnd('end') },
    { keys: ['l'], name: 'loop the stretch', run: act.toggleLoop },
    { keys: ['w'], name: 'zoom the tracks in', run: () => act.zoom(zoomFactor) },
    { keys: ['s'], name: 'zoom the tracks out', run: () => act.zoom(1 / zoomFactor) },
    { keys: ['a'], name: 'pan the tracks left', run: () => act.pan(-panShare) },
    { keys: ['d'], name: 'pan the tracks right', run: () => act.pan(panShare) },
    { keys: ['f'], name: 'fit the tracks', run: act.fit },
    { keys: ['+', '='], name: 'faster', run: () => act.shiftPace(1) },
    { keys: ['-'], name: 'slower', run: () => act.shiftPace(-1) },
    { keys: ['c'], name: 'colour by the next measure', run: act.nextMeasure },
    { keys: ['m'], name: 'typeset the mathematics', run: act.toggleTypeset },
    { keys: ['C'], name: 'compare with other answers', run: act.compare },
  ]
}
