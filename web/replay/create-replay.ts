import { findSpikes } from '../../core/study/scores/sequence-measures.ts'
import { doubts } from '../data/measures.ts'
import type { OpenedSample } from '../data/open-run.ts'
import { followToken, moveEnd, type TokenRange, wholeRange } from '../data/token-range.ts'
import { displayUnits } from '../text/display-units.ts'
import { colourClass, watchLook } from '../widgets/colour-classes.ts'
import { rangeShortcuts } from '../widgets/range-controls.ts'
import { advance, createTransport, currentToken, type Playback, play } from '../widgets/transport.ts'
import { createAddressKeeper, type ViewContext } from '../widgets/view.ts'
import { createAnswerText, createTypeset } from './answer-text.ts'
import { type Colouring, createColourControls } from './colour-controls.ts'
import { replayLayout, sampleHead } from './replay-layout.ts'
import { createDoubtList, createSelectionPanel, verdictPanel } from './side-panels.ts'
import { createTokenPanel, tokenSummary, type WhatIfBars } from './token-panel.ts'
import { createTracks } from './tracks.ts'

/** What asks for other ways than the one that is replayed. */
interface WhatIf extends WhatIfBars {
  /** Stands below the token panel. */
  element: HTMLElement
  /** Told which token the panel shows. */
  show(token: number): void
}

export type Replay = ReturnType<typeof createReplay>

/** How many of the least certain tokens are listed. */
const listedDoubts = 12
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
) {
  const { tokens } = sample
  const count = tokens.tokenId.length
  const units = displayUnits(tokens.tokenText, tokens.tokenId, sample.generatedText)
  const spikes = findSpikes(tokens.entropyNats)
  const linked = Math.min(context.route.token ?? 0, Math.max(0, count - 1))
  let playback: Playback = { count, position: linked, playing: false, tokensPerSecond: 0, loop: null }
  let locked: number | null = context.route.token === null ? null : linked
  let hovered: number | null = null
  let selection: TokenRange | null = null
  let range = wholeRange(count)
  let frame = 0
  let frameMs = 0
  let numbersMs = 0

  const address = createAddressKeeper(context, () => currentToken(playback))
  const text = createAnswerText(units, count, { hover, pick })
  const name = `tracks-${sample.problemIndex}.${sample.sampleIndex}`
  const tracks = createTracks(tokens, spikes, name, { hover, pick, select: setSelection, setRange })
  const panel = createTokenPanel(sample, units, whatIf)
  const list = createDoubtList(tokens, units, listedDoubts, jump)
  const selectionPanel = createSelectionPanel(tokens, toggleLoop, () => setSelection(null))
  const transport = createTransport(sample, spikes.length, context.settings, {
    togglePlay,
    step,
    jumpSpike,
    toggleLoop,
    scrub: jump,
    setPace: tokensPerSecond => {
      playback = { ...playback, tokensPerSecond }
    },
  })
  const typeset = createTypeset(sample.generatedText, context)
  const colours = createColourControls(context.settings, colour)
  const element = replayLayout({
    label: from === null ? 'Replay of a sample' : 'Replay of a branch',
    head: sampleHead(sample, from === null ? compare : null),
    tools: [colours.element, typeset.button],
    texts: [text.element, typeset.element],
    below: [transport.element, tracks.element],
    side: [panel.element, whatIf.element, selectionPanel.element, verdictPanel(sample), list.element],
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
    if (from === null) context.chooseAnswers(sample)
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
    address.moved()
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

  function toggleLock(): void {
    setLocked(locked === null ? currentToken(playback) : null)
  }

  /** Undoes one thing: the lock, the selection; with neither, leaves the sample. */
  function undo(): void {
    if (locked !== null) setLocked(null)
    else if (selection) setSelection(null)
    else context.navigate({ sample: null, token: null, branch: null })
  }

  function hover(token: number | null): void {
    hovered = token
    showPanel()
  }

  function setSelection(next: TokenRange | null): void {
    selection = next
    if (!next) playback = { ...playback, loop: null }
    else if (playback.loop) playback = { ...playback, loop: next }
    text.setSelection(next)
    tracks.setSelection(next)
    showLoop()
  }

  function toggleLoop(): void {
    if (!selection)
      context.announce('no stretch is selected: drag over the tracks, or set its ends with B and E')
    playback = { ...playback, loop: playback.loop ? null : selection }
    showLoop()
  }

  function showLoop(): void {
    selectionPanel.show(selection, playback.loop !== null)
    transport.setLoop(playback.loop !== null)
  }

  function setEnd(end: 'start' | 'end'): void {
    setSelection(moveEnd(selection ?? { start: 0, end: count }, end, currentToken(playback)))
  }

  function setRange(next: TokenRange): void {
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
    if (!playback.playing) address.rests()
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
      address.rests()
      context.announce('the end of the answer')
    }
  }

  function colour({ measure, thresholds }: Colouring): void {
    text.setClasses(Uint8Array.from(doubts(measure, tokens), doubt => colourClass(doubt, thresholds)))
    list.setMeasure(measure)
  }

  return {
    element,
    // Those of Perfetto and rerun where they have one.
    shortcuts: [
      { keys: [' '], name: 'play or pause', run: togglePlay },
      { keys: ['.', 'ArrowRight'], name: 'next token', run: () => step(1) },
      { keys: [',', 'ArrowLeft'], name: 'previous token', run: () => step(-1) },
      { keys: ['>', 'Shift+ArrowRight'], name: 'next spike', run: () => jumpSpike(1) },
      { keys: ['<', 'Shift+ArrowLeft'], name: 'previous spike', run: () => jumpSpike(-1) },
      { keys: ['Home'], name: 'first token', run: () => jump(0) },
      { keys: ['End'], name: 'last token', run: () => jump(count - 1) },
      { keys: ['Enter'], name: 'lock the token, or let it go', run: toggleLock },
      { keys: ['Escape'], name: 'unlock, let go of the stretch, or leave', run: undo },
      { keys: ['b'], name: 'begin a stretch here', run: () => setEnd('start') },
      { keys: ['e'], name: 'end the stretch here', run: () => setEnd('end') },
      { keys: ['l'], name: 'loop the stretch', run: toggleLoop },
      ...rangeShortcuts('tracks', { count, range: () => range, setRange }, () => currentToken(playback)),
      { keys: ['+', '='], name: 'faster', run: () => transport.shiftPace(1) },
      { keys: ['-'], name: 'slower', run: () => transport.shiftPace(-1) },
      { keys: ['c'], name: 'colour by the next measure', run: colours.nextMeasure },
      { keys: ['m'], name: 'typeset the mathematics', run: typeset.toggle },
      { keys: ['C'], name: 'compare with other answers', run: compare },
    ],
    /** Stops on the token that is shown, and locks it. */
    hold() {
      setPlaying(false)
      if (locked === null) setLocked(currentToken(playback))
    },
    refreshTexts: panel.refreshTexts,
    destroy() {
      cancelAnimationFrame(frame)
      address.end()
      endLook()
      typeset.destroy()
      endRoute()
    },
  }
}
