import { createHash } from 'node:crypto'
import { DigestSum } from '../../core/formats/digest-sum.ts'

/**
 * A digest of a model's weights that does not depend on who reads which row: the sum, modulo 2²⁵⁶, of SHA-256 over each
 * tensor's name, row number and row. Ranks digest what they read; the sum of their digests is that of the model.
 */
export class WeightDigest extends DigestSum {
  /** Takes whole rows of a tensor in. */
  add(tensorName: string, firstRow: number, rowBytes: number, bytes: Uint8Array): void {
    for (let at = 0, row = firstRow; at < bytes.length; at += rowBytes, row++) {
      const digest = createHash('sha256')
        .update(`${tensorName}\0${row}\0`)
        .update(bytes.subarray(at, at + rowBytes))
      this.addHex(digest.digest('hex'))
    }
  }
}
