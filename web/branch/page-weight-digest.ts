import { DigestSum } from '../../core/formats/digest-sum.ts'
import type { OnRows } from '../../core/model/weights.ts'
import { pageSha256 } from '../data/page-sha256.ts'

/** The digest of weights that `run.json` records, computed by the browser while they are read. */
export interface PageWeightDigest {
  /** Takes whole rows of a tensor in. */
  add: OnRows
  /** The digest of all rows, once they are digested: 64 hexadecimal digits. */
  finish(): Promise<string>
}

/** Sums, modulo 2²⁵⁶, SHA-256 over each tensor's name, row number and row, as `WeightDigest` of Node does. */
export function createPageWeightDigest(): PageWeightDigest {
  const sum = new DigestSum()
  const encoder = new TextEncoder()
  let pending = 0
  let settle = () => {}
  let fail: (error: unknown) => void = () => {}

  return {
    add(tensorName, firstRow, rowBytes, bytes) {
      for (let at = 0, row = firstRow; at < bytes.length; at += rowBytes, row++) {
        const name = encoder.encode(`${tensorName}\0${row}\0`)
        const message = new Uint8Array(name.length + rowBytes)
        message.set(name)
        message.set(bytes.subarray(at, at + rowBytes), name.length)
        pending++
        pageSha256(message).then(
          digest => {
            sum.addHex(digest)
            if (--pending === 0) settle()
          },
          error => fail(error),
        )
      }
    },
    async finish() {
      if (pending > 0)
        await new Promise<void>((resolve, reject) => {
          settle = resolve
          fail = reject
        })
      return sum.hex
    },
  }
}
