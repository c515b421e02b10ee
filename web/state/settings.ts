/** Every setting, with what it is before the reader has chosen. Names are those in the storage. */
export const initialSettings = {
  theme: 'system',
  /** Whether an answer's mathematics is typeset beside its text. */
  typeset: false,
  /** The score of table and figures; empty for the first one that the run has. */
  score: '',
  figuresHidden: false,
  /** Names of measures. */
  'colour-by': 'entropy',
  compareMeasure: 'entropy',
  /** Tokens a second, or `recorded`. */
  pace: '20',
}

type Named = typeof initialSettings

export type Settings = ReturnType<typeof createSettings>

const prefix = 'entrace.'

/**
 * What the page remembers from one visit to the next, in a storage, its `localStorage`. Where that is missing or refuses, as in
 * a private window, what is written lasts as long as the page.
 */
export function createSettings(storage: Storage | null) {
  const written = new Map<string, unknown>()
  return {
    /** What was remembered under a name; the initial value when nothing was, or something of another type. */
    read<Name extends keyof Named>(name: Name): Named[Name] {
      const value = written.has(name) ? written.get(name) : stored(storage, name)
      const initial = initialSettings[name]
      return typeof value === typeof initial ? (value as typeof initial) : initial
    },
    write<Name extends keyof Named>(name: Name, value: Named[Name]): void {
      written.set(name, value)
      try {
        storage?.setItem(prefix + name, JSON.stringify(value))
      } catch {
        // Full or refused: it is remembered for this visit.
      }
    },
  }
}

function stored(storage: Storage | null, name: string): unknown {
  try {
    return JSON.parse(storage?.getItem(prefix + name) ?? '') as unknown
  } catch {
    return undefined
  }
}

/** What the reader chooses from; `system` is what the browser asks for. */
const themes = ['system', 'light', 'dark'] as const

/**
 * Applies the remembered theme to the page, and follows the browser's while the choice is `system`. Returns what chooses the
 * next one and remembers it.
 */
export function followTheme(settings: Settings): () => string {
  let theme = themes.find(name => name === settings.read('theme')) ?? 'system'
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const apply = () => {
    const isDark = theme === 'dark' || (theme === 'system' && dark.matches)
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'
  }
  dark.addEventListener('change', apply)
  apply()
  return () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length]!
    settings.write('theme', theme)
    apply()
    return theme
  }
}
