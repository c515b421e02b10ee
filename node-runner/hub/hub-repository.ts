import { InputError } from '../../core/input-error.ts'

/** A repository of the Hub at one of its revisions. */
export interface HubRepository {
  type: 'model' | 'dataset'
  /** As "organisation/name". */
  id: string
  /** A branch, a tag, another reference or a commit. */
  revision: string
}

const part = '[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?'
const idPattern = new RegExp(`^${part}/${part}$`)

/** First words of addresses and folders, which no organisation is named. */
const reservedWords = ['models', 'datasets', 'spaces', 'api']

/**
 * Reads "organisation/name" or "organisation/name@revision", for data sets also with "datasets/" before it. Null for
 * what does not look like it, such as a path. Throws InputError for a revision that is no name of one.
 */
export function parseRepository(text: string, type: HubRepository['type']): HubRepository | null {
  const [address = '', ...revisions] = text.split('@')
  const id = type === 'dataset' ? address.replace(/^datasets\/(?=.+\/)/, '') : address
  const isId = idPattern.test(id) && !/--|\.\./.test(id) && id.length <= 96
  if (!isId || reservedWords.includes(id.split('/')[0]!)) return null
  const revision = revisions.length === 0 ? 'main' : revisions.join('@')
  if (!isRelativePath(revision) || !/^[\w.+/-]+$/.test(revision))
    throw new InputError(
      `${text}: "${revision}" is no revision; expected a branch, a tag or a commit behind the @`,
    )
  return { type, id, revision }
}

/** Whether a path of a repository is a text that addresses can hold, and leads to nowhere but below the folder that it is joined to, on any system. */
export function isRelativePath(path: string): boolean {
  return (
    path.isWellFormed() &&
    !/[\\:\0]/.test(path) &&
    path.split('/').every(name => !['', '.', '..'].includes(name))
  )
}

/** Whether a revision is a commit, which never changes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision)
}
