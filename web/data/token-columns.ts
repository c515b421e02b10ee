import type { TokenColumns } from '../../core/formats/run-columns.ts'
import type { TokenRecord } from '../../core/generate/token-record.ts'

/** Records as columns. */
export function columnsOfRecords(tokens: readonly TokenRecord[]): TokenColumns {
  const column = <Name extends keyof TokenRecord>(name: Name) => tokens.map(token => token[name])
  return {
    tokenId: column('id'),
    tokenText: column('text'),
    entropyNats: column('entropyNats'),
    varentropy: column('varentropy'),
    logprob: column('logprob'),
    margin: column('margin'),
    selfCertainty: column('selfCertainty'),
    rank: column('rank'),
    topIds: column('topIds'),
    topLogprobs: column('topLogprobs'),
    tailMass: column('tailMass'),
  }
}

/** The first `count` tokens of the one, and then all of the other. */
export function spliceColumns(first: TokenColumns, count: number, second: TokenColumns): TokenColumns {
  const names = Object.keys(columnsOfRecords([])) as (keyof TokenColumns)[]
  return Object.fromEntries(
    names.map(name => [
      name,
      [...Array.from<unknown>(first[name] ?? []).slice(0, count), ...Array.from<unknown>(second[name] ?? [])],
    ]),
  ) as unknown as TokenColumns
}
