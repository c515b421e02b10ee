import { sha256 } from '../../core/formats/sha256.ts'

/** SHA-256 of bytes, 64 hexadecimal digits: the browser's own, which a page has that came by https or from its own machine. */
export async function pageSha256(bytes: Uint8Array): Promise<string> {
  if (!crypto.subtle) return sha256(bytes)
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('')
}
