import type { OpenedSample } from '../data/open-run.ts'
import type { TokenRange } from '../data/token-range.ts'
import { button, h } from '../dom.ts'
import { initialSettings, type Settings } from '../state/settings.ts'
import { type IconName, makeIcon, setIcon } from './icon.ts'

/** Where a replay stands. A pure value: the page advances it once a frame. */
export interface Playback {
  /** Number of tokens of the answer. */
  count: number
  /** The current token plus the share of its time that has passed. */
  position: number
  playing: boolean
  tokensPerSecond: number
  /** What is repeated; null plays to the end. */
  loop: TokenRange | null
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

/** Paces to choose from, in tokens a second. */
const paces = [2, 5, 10, 20, 40, 80, 160, 320]
/** What the choice of the run's own pace is called, which differs from sample to sample. */
const recordedName = 'recorded'

/** What the controls ask for. */
interface TransportEvents {
  togglePlay(): void
  step(by: 1 | -1): void
  jumpSpike(by: 1 | -1): void
  toggleLoop(): void
  scrub(token: number): void
  setPace(tokensPerSecond: number): void
}

/**
 * Makes buttons, pace and slider of a replay. The pace that was chosen last, of this sample or another, is asked for at
 * once.
 */
export function createTransport(
  { tokens, durationMs }: OpenedSample,
  spikes: number,
  settings: Settings,
  events: TransportEvents,
) {
  const count = tokens.tokenId.length
  const recorded = recordedPace(count, durationMs)
  const playIcon = makeIcon('play')
  const play = iconButton('Play', 'Space', playIcon, events.togglePlay)
  play.classList.add('play-button')
  const loop = iconButton('Loop the stretch', 'L', 'loop', events.toggleLoop)
  loop.setAttribute('aria-pressed', 'false')
  const spikeButtons = [
    iconButton('Previous spike', 'Shift+,', 'previousSpike', () => events.jumpSpike(-1)),
    iconButton('Next spike', 'Shift+.', 'nextSpike', () => events.jumpSpike(1)),
  ] as const
  for (const button of spikeButtons) button.disabled = spikes === 0
  const slider = h('input', {
    class: 'scrub',
    type: 'range',
    min: 0,
    max: Math.max(0, count - 1),
    step: 1,
    'aria-label': 'Token',
    oninput: () => events.scrub(Number(slider.value)),
  })
  const position = h('output', { class: 'transport-place' })
  const pace = h('select', {
    class: 'pace',
    'aria-label': 'Pace',
    title:
      'Tokens a second. The recorded pace spreads the measured duration of the answer evenly over its tokens: a run keeps no time of each token.',
  })
  for (const value of paces) pace.append(new Option(`${value} tokens/s`, String(value)))
  if (recorded !== null)
    pace.append(new Option(`recorded, ${Number(recorded.toPrecision(3))}/s`, recordedName))
  pace.value = settings.read('pace')
  if (pace.selectedIndex < 0) pace.value = initialSettings.pace
  const tell = () => events.setPace(pace.value === recordedName ? recorded! : Number(pace.value))
  tell()
  const change = () => {
    settings.write('pace', pace.value)
    tell()
  }
  pace.addEventListener('change', change)
  const previous = iconButton('Previous token', ',', 'previous', () => events.step(-1))
  const next = iconButton('Next token', '.', 'next', () => events.step(1))
  const buttons = [spikeButtons[0], previous, play, next, spikeButtons[1], loop]
  const parts = [h('div', { class: 'transport-buttons' }, buttons), slider, position, pace]
  const element = h('div', { class: 'transport', role: 'group', 'aria-label': 'Replay' }, parts)
  return {
    element,
    setPlaying(isPlaying: boolean): void {
      setIcon(playIcon, isPlaying ? 'pause' : 'play')
      const name = isPlaying ? 'Pause' : 'Play'
      play.setAttribute('aria-label', name)
      play.title = `${name} (Space)`
    },
    setCurrent(token: number): void {
      slider.value = String(token)
      position.textContent = `${Math.min(token + 1, count)} / ${count}`
    },
    setLoop: (isLooped: boolean) => loop.setAttribute('aria-pressed', String(isLooped)),
    /** The chosen pace moved by so many places of the list. */
    shiftPace(by: number): void {
      pace.selectedIndex = Math.max(0, Math.min(pace.length - 1, pace.selectedIndex + by))
      change()
    },
  }
}

function iconButton(
  name: string,
  keys: string,
  icon: IconName | SVGElement,
  act: () => void,
): HTMLButtonElement {
  return button(typeof icon === 'string' ? makeIcon(icon) : icon, act, {
    class: 'icon-button',
    'aria-label': name,
    title: `${name} (${keys})`,
  })
}
