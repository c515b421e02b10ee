/** What the page remembers from one visit to the next. */
export interface Settings {
  /** What was remembered under a name; `fallback` when nothing was, or something of another type. */
  read<Value>(name: string, fallback: Value, accept?: (value: unknown) => boolean): Value
  write(name: string, value: unknown): void
}

/** Whether an answer's mathematics is typeset beside its text. */
export const typesetSetting = 'typeset'

const prefix = 'entrace.'

/**
 * Settings in a storage, `localStorage` of a page. Where it is missing or refuses, as in a private window, what is
 * written lasts as long as the page.
 */
export function createSettings(storage: Pick<Storage, 'getItem' | 'setItem'> | null): Settings {
  const written = new Map<string, unknown>()
  return {
    read(name, fallback, accept = value => typeof value === typeof fallback) {
      const value = written.has(name) ? written.get(name) : stored(storage, name)
      return value !== undefined && accept(value) ? (value as typeof fallback) : fallback
    },
    write(name, value) {
      written.set(name, value)
      try {
        storage?.setItem(prefix + name, JSON.stringify(value))
      } catch {
        // Full or refused: it is remembered for this visit.
      }
    },
  }
}

function stored(storage: Pick<Storage, 'getItem'> | null, name: string): unknown {
  try {
    return JSON.parse(storage?.getItem(prefix + name) ?? '') as unknown
  } catch {
    return undefined
  }
}

const themes = ['system', 'light', 'dark'] as const

/** What the reader chose; `system` is what the browser asks for. */
export type Theme = (typeof themes)[number]

/** The theme of the page. */
export interface ThemeChoice {
  readonly theme: Theme
  /** Chooses the next one and remembers it. */
  next(): Theme
}

/** Applies the remembered theme, and follows the browser's while the choice is `system`. */
export function createTheme(settings: Settings): ThemeChoice {
  const isTheme = (value: unknown) => themes.includes(value as Theme)
  let theme = settings.read<Theme>('theme', 'system', isTheme)
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const apply = () => {
    const isDark = theme === 'dark' || (theme === 'system' && dark.matches)
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'
  }
  dark.addEventListener('change', apply)
  apply()
  return {
    get theme() {
      return theme
    },
    next() {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length]!
      settings.write('theme', theme)
      apply()
      return theme
    },
  }
}
