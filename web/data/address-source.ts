import type { RunSource } from './run-source.ts'

/**
 * The run at an address, relative to the page or absolute. Throws with what is wrong in words when it is none that a page
 * can fetch from.
 */
export function addressSource(name: string): RunSource {
  const page = location.origin + location.pathname
  const address = URL.canParse(name, page) ? new URL(name, page) : null
  if (!address || !/^https?:$/.test(address.protocol))
    throw new Error(
      `${name}: expected an http or https address, found ${address?.protocol ?? 'none'}; check the link`,
    )
  return { kind: 'address', address: address.href }
}
