import { formatRoute, parseRoute, type Route } from './route.ts'

/** The page's address as a route. */
export interface Router {
  readonly route: Route
  navigate(change: Partial<Route>, options?: { replace?: boolean }): void
  /** Calls the listener after each change, by `navigate` or by the back button. Returns what ends that. */
  subscribe(listener: (route: Route) => void): () => void
}

/** Keeps the page's address and its route the same. */
export function createRouter(): Router {
  const listeners = new Set<(route: Route) => void>()
  let route = parseRoute(location)
  const tell = () => {
    for (const listener of [...listeners]) listener(route)
  }
  addEventListener('popstate', () => {
    route = parseRoute(location)
    tell()
  })
  return {
    get route() {
      return route
    },
    navigate(change, { replace = false } = {}) {
      const next = { ...route, ...change }
      const hash = formatRoute(next)
      if (hash === formatRoute(route)) return
      route = next
      if (replace) history.replaceState(null, '', hash)
      else history.pushState(null, '', hash)
      tell()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
