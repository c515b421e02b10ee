import type { Settings } from './settings.ts'

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
