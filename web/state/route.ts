/** What the address of the page says: everything that a link to what one sees has to carry. */
export interface Route {
  /** Address of the run's folder, relative to the page or absolute; null for the run that the page comes with. */
  run: string | null
  /** The sample that is replayed, as `problemIndex.sampleIndex` (see `sampleName`); null for the overview. */
  sample: string | null
  /** The token that the replay stands on, from 0. */
  token: number | null
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
    sample: sample !== null && /^\d+\.\d+$/.test(sample) ? sample : null,
    token: token !== null && /^\d{1,9}$/.test(token) ? Number(token) : null,
    filter: values.get('filter') ?? '',
    sort: values.get('sort') ?? '',
    group: values.get('group') === '1',
    branch: values.get('branch') || null,
  }
}

/** The hash of a route; what is as in `startRoute` is left out. */
export function formatRoute(route: Route): string {
  const values = new URLSearchParams()
  for (const [name, value] of Object.entries(route))
    if (value !== startRoute[name as keyof Route]) values.set(name, value === true ? '1' : String(value))
  const text = values.toString().replaceAll('%3A', ':').replaceAll('%2F', '/')
  return text === '' ? '#/' : `#/?${text}`
}

/** How routes name a sample: by its problem's place in the data set and which of the answers to it. */
export function sampleName(problemIndex: number, sampleIndex: number): string {
  return `${problemIndex}.${sampleIndex}`
}
