/** What the address of the page says: everything that a link to what one sees has to carry. */
export interface Route {
  /** Address of the run's folder, relative to the page or absolute; null for the run that the page comes with. */
  run: string | null
  /** The sample that is replayed, as `problemIndex.sampleIndex` (see `sampleName`); null for the overview. */
  sample: string | null
  /** The token that the replay stands on, from 0; in a comparison the column of its alignment. */
  token: number | null
  /** Other answers to the problem of `sample` that it is compared with, in the language of `parseCompared`; empty for none. */
  with: string
  /** Address of the run that the other run's answers among these are of; null without such. */
  against: string | null
  /** Which samples the table lists, in the language of `parseFilter`; empty for all. */
  filter: string
  /** Column of the table, with `-` before it when the largest come first. */
  sort: string
  /** Whether the table groups the answers to one problem. */
  group: boolean
  /** The alternative continuation that is shown, in the words of the view that makes them. */
  branch: string | null
}

/** The route of a page that was opened without one. */
export const startRoute: Route = {
  run: null,
  sample: null,
  token: null,
  with: '',
  against: null,
  filter: '',
  sort: '',
  group: false,
  branch: null,
}

/**
 * The route in a page's address: in its hash, `#/?run=…&sample=…`. A `run` in the query before the hash counts where the
 * hash has none, so that a plain link to a static page can name a run. What is not understood is left out.
 */
export function parseRoute({ hash, search }: { hash: string; search: string }): Route {
  const values = new URLSearchParams(hash.replace(/^#\/?\??/, ''))
  const sample = values.get('sample')
  const token = values.get('token')
  return {
    run: values.get('run') || new URLSearchParams(search).get('run') || null,
    ...parseComparison(sample !== null && /^\d+\.\d+$/.test(sample) ? sample : null, values),
    token: token !== null && /^\d{1,9}$/.test(token) ? Number(token) : null,
    filter: values.get('filter') ?? '',
    sort: values.get('sort') ?? '',
    group: values.get('group') === '1',
    branch: values.get('branch') || null,
  }
}

/** Without a sample nothing is compared; another run without a word on its answers is there for its first one. */
function parseComparison(
  sample: string | null,
  values: URLSearchParams,
): Pick<Route, 'sample' | 'with' | 'against'> {
  const against = (sample !== null && values.get('against')) || null
  const asked = values.get('with') ?? ''
  const compared = parseCompared(against !== null && !asked.includes('@') ? `@0,${asked}` : asked)
  const isMeant = ({ isOther, sampleIndex }: (typeof compared)[number]) =>
    isOther ? against !== null : sample !== null && Number(sample.split('.')[1]) !== sampleIndex
  return { sample, with: formatCompared(compared.filter(isMeant)), against }
}

/** The hash of a route; what is as in `startRoute` is left out. */
export function formatRoute(route: Route): string {
  const values = new URLSearchParams()
  for (const [name, value] of Object.entries(route))
    if (value !== startRoute[name as keyof Route]) values.set(name, value === true ? '1' : String(value))
  const text = values.toString().replace(/%(3A|2F|2C|40)/g, decodeURIComponent)
  return text === '' ? '#/' : `#/?${text}`
}

/** How routes name a sample: by its problem's place in the data set and which of the answers to it. */
export function sampleName(problemIndex: number, sampleIndex: number): string {
  return `${problemIndex}.${sampleIndex}`
}

/** An answer to the problem of the sample that is shown, beside which it is laid. */
export interface ComparedAnswer {
  /** Whether it is of the other run. */
  isOther: boolean
  /** Which of the answers to the problem, from 0. */
  sampleIndex: number
}

/** Answers that are laid beside one: with more, none is wide enough to be read. */
export const mostCompared = 3

/**
 * Answers as an address names them: `1,2,@0` are the second and the third answer of this run, and the first one of the
 * other run. What is not understood, comes twice, or is too much, is left out.
 */
export function parseCompared(text: string): ComparedAnswer[] {
  const names = [...new Set(text.split(',').filter(name => /^@?(0|[1-9]\d{0,8})$/.test(name)))]
  return names.slice(0, mostCompared).map(name => ({
    isOther: name.startsWith('@'),
    sampleIndex: Number(name.replace('@', '')),
  }))
}

/** The text that `parseCompared` reads. */
export function formatCompared(answers: readonly ComparedAnswer[]): string {
  return answers.map(({ isOther, sampleIndex }) => `${isOther ? '@' : ''}${sampleIndex}`).join(',')
}

/** Keeps the page's address and its route the same. */
export function createRouter() {
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
    navigate(change: Partial<Route>, { replace = false } = {}): void {
      const next = { ...route, ...change }
      const hash = formatRoute(next)
      if (hash === formatRoute(route)) return
      route = next
      if (replace) history.replaceState(null, '', hash)
      else history.pushState(null, '', hash)
      tell()
    },
    /** Calls the listener after each change, by `navigate` or by the back button. Returns what ends that. */
    subscribe(listener: (route: Route) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
