import type { Shortcut } from '../keys/keyboard.ts'

/** What the keyboard does in a comparison. */
export interface CompareActions {
  step(by: 1 | -1): void
  jumpParting(by: 1 | -1): void
  toStart(): void
  toEnd(): void
  pin(): void
  /** Lets go of the pinned place; without one leaves the comparison. */
  undo(): void
  zoom(factor: number): void
  pan(share: number): void
  fit(): void
  nextMeasure(): void
  toggleFolds(): void
  choose(): void
}

const zoomFactor = 1.5
const panShare = 0.25

/** The keys of a comparison, those of a replay where they do the same. */
export function compareShortcuts(act: CompareActions): Shortcut[] {
  return [
    { keys: ['.', 'ArrowRight'], name: 'next place', run: () => act.step(1) },
    { keys: [',', 'ArrowLeft'], name: 'previous place', run: () => act.step(-1) },
    { keys: ['>', 'Shift+ArrowRight'], name: 'where they part next', run: () => act.jumpParting(1) },
    { keys: ['<', 'Shift+ArrowLeft'], name: 'where they parted before', run: () => act.jumpParting(-1) },
    { keys: ['Home'], name: 'first place', run: act.toStart },
    { keys: ['End'], name: 'last place', run: act.toEnd },
    { keys: ['Enter'], name: 'pin the place, or let it go', run: act.pin },
    { keys: ['Escape'], name: 'let go of the place, or leave', run: act.undo },
    { keys: ['u'], name: 'unfold what is alike, or fold it', run: act.toggleFolds },
    { keys: ['c'], name: 'draw and colour by the next measure', run: act.nextMeasure },
    { keys: ['C'], name: 'choose the answers', run: act.choose },
    { keys: ['w'], name: 'zoom the plot in', run: () => act.zoom(zoomFactor) },
    { keys: ['s'], name: 'zoom the plot out', run: () => act.zoom(1 / zoomFactor) },
    { keys: ['a'], name: 'pan the plot left', run: () => act.pan(-panShare) },
    { keys: ['d'], name: 'pan the plot right', run: () => act.pan(panShare) },
    { keys: ['f'], name: 'fit the plot', run: act.fit },
  ]
}
