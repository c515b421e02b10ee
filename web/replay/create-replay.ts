import { findSpikes } from '../../core/analyse/scores/entropy-spikes.ts'
import { doubts } from '../data/measures.ts'
import type { OpenedSample } from '../data/open-run.ts'
import { followToken, moveEnd, panRange, zoomRange } from '../data/token-range.ts'
import { displayUnits } from '../text/display-units.ts'
import { colourClass, watchLook } from '../widgets/colour-classes.ts'
import type { Shortcut } from '../widgets/keyboard.ts'
import {
  advance,
  createTransport,
  currentToken,
  type Playback,
  play,
  recordedPace,
  type Stretch,
} from '../widgets/transport.ts'
import type { View, ViewContext } from '../widgets/view.ts'
import { createAnswerText, createTypeset } from './answer-text.ts'
import { type Colouring, createColourControls } from './colour-controls.ts'
import { replayLayout, sampleHead } from './replay-layout.ts'
import { createDoubtList, createStretchPanel, verdictPanel } from './side-panels.ts'
import { createTokenPanel, tokenSummary } from './token-panel.ts'
import { createTracks } from './tracks.ts'

/** What the bars of a distribution are asked for and told. */
export interface WhatIfBars {
  /** Texts that are known beside those of the answer, by id. */
  texts: ReadonlyMap<number, string>
  /** What if this token had been that one. */
  choose(token: number, id: number): void
}

/** What asks for other ways than the one that is replayed. */
export interface WhatIf extends WhatIfBars {
  /** Stands below the token panel. */
  element: HTMLElement
  /** Told which token the panel shows. */
  show(token: number): void
}

/** The replay of one answer, as what asks for other ways uses it. */
export interface Replay extends View {
  /** Stops on the token that is shown, and locks it. */
  hold(): void
  /** Shows the texts of alternatives that became known. */
  refreshTexts(): void
}

/** How many of the least certain tokens are listed. */
const listedDoubts = 12
/** The address follows the replay once it rests for so long. */
const addressRestMs = 250
/** Frames after a jump in which the token is brought in sight. */
const looks = 4
/** While an answer is played, its numbers change so often at most: faster, nobody reads them. */
const numbersRestMs = 80

/**
 * The replay of one sample: its text coloured by doubt, tracks, a cursor that plays, and what is known of each token. Of a
 * branch, `from` is the first token that is its own; null of a recorded answer.
 */
export function createReplay(
  context: ViewContext,
  sample: OpenedSample,
  whatIf: WhatIf,
  from: number | null,
): Replay {
  const { tokens } = sample
  const count = tokens.tokenId.length
  const units = displayUnits(tokens.tokenText, tokens.tokenId, sample.generatedText)
  const spikes = findSpikes(tokens.entropyNats)
  const linked = Math.min(context.route.token ?? 0, Math.max(0, count - 1))
  let playback: Playback = {
    count,
    position: linked,
    playing: false,
    tokensPerSecond: 0,
    loop: null,
  }
  let locked: number | null = context.route.token === null ? null : linked
  let hovered: number | null = null
  let stretch: Stretch | null = null
  let range: Stretch = { start: 0, end: Math.max(1, count) }
  let frame = 0
  let frameMs = 0
  let numbersMs = 0
  let addressTimer = 0

  const text = createAnswerText(units, count, { hover, pick })
  const name = `tracks-${sample.problemIndex}.${sample.sampleIndex}`
  const tracks = createTracks(tokens, spikes, name, { hover, pick, select: setStretch, setRange })
  const panel = createTokenPanel(sample, units, whatIf)
  const list = createDoubtList(tokens, units, listedDoubts, jump)
  const stretchPanel = createStretchPanel(tokens, toggleLoop, () => setStretch(null))
  const transport = createTransport(
    count,
    spikes.length,
    recordedPace(count, sample.durationMs),
    context.settings,
    {
      togglePlay,
      step,
      jumpSpike,
      toggleLoop,
      scrub: jump,
      setPace: tokensPerSecond => {
        playback = { ...playback, tokensPerSecond }
      },
    },
  )
  const typeset = createTypeset(sample.generatedText, context)
  const colours = createColourControls(context.settings, colour)
  const element = replayLayout({
    label: from === null ? 'Replay of a sample' : 'Replay of a branch',
    head: sampleHead(sample, from === null ? compare : null),
    tools: [colours.element, typeset.button],
    texts: [text.element, typeset.element],
    below: [transport.element, tracks.element],
    side: [panel.element, whatIf.element, stretchPanel.element, verdictPanel(sample), list.element],
  })
  if (from !== null) text.setStart(from)
  const endLook = watchLook(element, () => tracks.redraw())
  const endRoute = context.onRoute(({ token }) => {
    if (token !== null && token !== currentToken(playback)) jump(token)
  })
  text.setLocked(locked)
  // Before it is on the page, nothing can be scrolled to.
  frame = requestAnimationFrame(show)

  function compare(): void {
    if (from === null) offerComparison(context, sample)
    else context.announce('only recorded answers are compared')
  }

  /** Everything that stands on the current token. */
  function show(): void {
    const token = count === 0 ? -1 : currentToken(playback)
    // What reads the page comes before what writes to it, so that a frame is laid out once.
    if (token >= 0) text.show(token)
    text.setCurrent(token)
    const follows = followToken(range, Math.max(0, token), count)
    if (follows !== range) setRange(follows)
    tracks.setCurrent(token)
    if (!playback.playing) showAgain(token, looks)
    const nowMs = performance.now()
    if (playback.playing && nowMs - numbersMs < numbersRestMs) return
    numbersMs = nowMs
    tracks.showValues(token)
    transport.setCurrent(token)
    list.setCurrent(token)
    showPanel()
  }

  /** Paragraphs that come in sight turn out higher or lower than was estimated: looks again when they have. */
  function showAgain(token: number, times: number): void {
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(() => {
      text.show(token)
      if (times > 1) showAgain(token, times - 1)
    })
  }

  function showPanel(): void {
    const token = locked ?? hovered ?? currentToken(playback)
    panel.show(token, locked !== null)
    whatIf.show(token)
  }

  function moveTo(position: number): void {
    playback = { ...playback, position: Math.max(0, Math.min(Math.max(0, count - 1), position)) }
    show()
    window.clearTimeout(addressTimer)
    addressTimer = window.setTimeout(keepAddress, addressRestMs)
  }

  function keepAddress(): void {
    context.navigate({ token: currentToken(playback) }, { replace: true })
  }

  /** Moves to a token and says what it is. */
  function jump(token: number): void {
    if (count === 0) return
    setLocked(null)
    moveTo(token)
    context.announce(tokenSummary(tokens, units, currentToken(playback)))
  }

  function step(by: 1 | -1): void {
    setPlaying(false)
    jump(currentToken(playback) + by)
  }

  function jumpSpike(by: 1 | -1): void {
    const from = currentToken(playback)
    const next = by === 1 ? spikes.find(spike => spike > from) : spikes.findLast(spike => spike < from)
    setPlaying(false)
    if (next === undefined) context.announce(`no spike ${by === 1 ? 'after' : 'before'} this token`)
    else jump(next)
  }

  function pick(token: number): void {
    setPlaying(false)
    jump(token)
    setLocked(token)
  }

  function setLocked(token: number | null): void {
    locked = token
    text.setLocked(token)
    showPanel()
  }

  function undo(): void {
    if (locked !== null) setLocked(null)
    else if (stretch) setStretch(null)
    else context.navigate({ sample: null, token: null, branch: null })
  }

  function hover(token: number | null): void {
    hovered = token
    showPanel()
  }

  function setStretch(next: Stretch | null): void {
    stretch = next
    if (!next) playback = { ...playback, loop: null }
    else if (playback.loop) playback = { ...playback, loop: next }
    text.setStretch(next)
    tracks.setStretch(next)
    showLoop()
  }

  function toggleLoop(): void {
    if (!stretch)
      context.announce('no stretch is selected: drag over the tracks, or set its ends with B and E')
    playback = { ...playback, loop: playback.loop ? null : stretch }
    showLoop()
  }

  function showLoop(): void {
    stretchPanel.show(stretch, playback.loop !== null)
    transport.setLoop(playback.loop !== null)
  }

  function setEnd(end: 'start' | 'end'): void {
    setStretch(moveEnd(stretch ?? { start: 0, end: count }, end, currentToken(playback)))
  }

  function setRange(next: Stretch): void {
    range = next
    tracks.setRange(next)
  }

  function togglePlay(): void {
    setPlaying(!playback.playing)
  }

  function setPlaying(isPlaying: boolean): void {
    if (isPlaying === playback.playing) return
    playback = isPlaying ? play(playback) : { ...playback, playing: false }
    if (playback.playing) setLocked(null)
    text.setRevealing(playback.playing)
    transport.setPlaying(playback.playing)
    cancelAnimationFrame(frame)
    if (!playback.playing) keepAddress()
    else {
      frameMs = performance.now()
      frame = requestAnimationFrame(playFrame)
    }
  }

  function playFrame(nowMs: number): void {
    const before = currentToken(playback)
    playback = advance(playback, Math.max(0, nowMs - frameMs))
    frameMs = nowMs
    if (currentToken(playback) !== before) show()
    if (playback.playing) frame = requestAnimationFrame(playFrame)
    else {
      show()
      text.setRevealing(false)
      transport.setPlaying(false)
      keepAddress()
      context.announce('the end of the answer')
    }
  }

  function colour({ measure, thresholds }: Colouring): void {
    text.setClasses(Uint8Array.from(doubts(measure, tokens), doubt => colourClass(doubt, thresholds)))
    list.setMeasure(measure)
  }

  return {
    element,
    shortcuts: replayShortcuts({
      togglePlay,
      step,
      jumpSpike,
      toggleLoop,
      setEnd,
      toStart: () => jump(0),
      toEnd: () => jump(count - 1),
      lock: () => setLocked(locked === null ? currentToken(playback) : null),
      undo,
      zoom: factor => setRange(zoomRange(range, factor, currentToken(playback) + 0.5, count)),
      pan: share => setRange(panRange(range, share, count)),
      fit: () => setRange({ start: 0, end: Math.max(1, count) }),
      shiftPace: by => transport.shiftPace(by),
      nextMeasure: () => colours.nextMeasure(),
      toggleTypeset: () => typeset.toggle(),
      compare,
    }),
    hold() {
      setPlaying(false)
      if (locked === null) setLocked(currentToken(playback))
    },
    refreshTexts: () => panel.refreshTexts(),
    destroy() {
      cancelAnimationFrame(frame)
      window.clearTimeout(addressTimer)
      endLook()
      typeset.destroy()
      endRoute()
    },
  }
}

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

/** Lets the reader choose what a recorded answer is compared with; what does that is fetched the first time. */
export function offerComparison(context: ViewContext, sample: OpenedSample): void {
  import('../compare/choose-answers.ts').then(
    ({ chooseAnswers }) => chooseAnswers(context, sample),
    () => context.announce('the page cannot load what compares; is its server still there?'),
  )
}
