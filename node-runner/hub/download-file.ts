import { InputError } from '../../core/input-error.ts'
import {
  bodyChunks,
  type HubSettings,
  PassingFault,
  requestOnce,
  silenceSignal,
  withRetries,
} from './hub-fetch.ts'
import { type HubDigest, PartFile, PartTakenError } from './part-file.ts'

/** A file of a repository, and where it goes. */
interface Download {
  /** For messages. */
  name: string
  url: string
  blobPath: string
  sizeBytes: number
  digest: HubDigest
}

/** Faults in a row, with no byte in between, after which a download is given up: half a minute of waiting. */
const attempts = 8

/**
 * Downloads a file to its blob, going on from the bytes of a broken download, and checks size and digest: only a whole
 * and right file gets the blob's name. `onBytes` gets what is added, what was there already, and, negative, what had to
 * be dropped. Throws InputError; the bytes so far are kept. Where another process took them, it begins anew.
 */
export async function downloadFile(
  settings: HubSettings,
  download: Download,
  onBytes: (sizeBytes: number) => void,
): Promise<void> {
  for (;;)
    try {
      return await downloadOnce(settings, download, onBytes)
    } catch (error) {
      if (!(error instanceof PartTakenError)) throw error
    }
}

async function downloadOnce(settings: HubSettings, download: Download, onBytes: (sizeBytes: number) => void) {
  const { name, blobPath, sizeBytes, digest } = download
  const part = await PartFile.take(blobPath, sizeBytes, digest)
  onBytes(part.byteLength)
  const drop = async () => {
    onBytes(-part.byteLength)
    await part.restart()
  }
  try {
    for (let isSecond = false; ; isSecond = true) {
      await receiveRest(settings, download, part, drop, onBytes)
      const found = part.digest()
      if (found === digest.hex) break
      await drop()
      // The first may have gone on from bytes of another origin.
      if (isSecond)
        throw new InputError(
          `${name}: ${digest.algorithm} of what was downloaded, twice, is ${found}, expected ${digest.hex}; ` +
            `${settings.endpoint} or a proxy before it serves wrong bytes: try later, or a mirror with HF_ENDPOINT`,
        )
    }
    await part.finish()
  } catch (error) {
    if (error instanceof PartTakenError) onBytes(-part.byteLength)
    await part.giveBack()
    throw error
  }
}

async function receiveRest(
  settings: HubSettings,
  { name, url, sizeBytes }: Download,
  part: PartFile,
  drop: () => Promise<void>,
  onBytes: (sizeBytes: number) => void,
): Promise<void> {
  let before = part.byteLength
  const hasAdvanced = () => {
    const advanced = part.byteLength > before
    before = part.byteLength
    return advanced
  }
  const receive = async () => {
    if (part.byteLength === sizeBytes) return
    const silence = silenceSignal()
    try {
      const response = await requestOnce(settings, name, url, {
        headers: { range: `bytes=${part.byteLength}-`, 'accept-encoding': 'identity' },
        signal: silence.signal,
      })
      if (!response.body) throw new PassingFault('an answer without content')
      // A server that knows no ranges sends the whole.
      if (firstByte(response) !== part.byteLength) await drop()
      if (firstByte(response) !== part.byteLength) throw new PassingFault('bytes that were not asked for')
      for await (const chunk of bodyChunks(response.body)) {
        silence.heard()
        if (part.byteLength + chunk.length > sizeBytes)
          throw new InputError(
            `${name}: more than the ${sizeBytes} bytes that are listed were sent; try a mirror with HF_ENDPOINT`,
          )
        await part.append(chunk)
        onBytes(chunk.length)
      }
    } finally {
      silence.end()
    }
    if (part.byteLength < sizeBytes)
      throw new PassingFault(`the connection ended at byte ${part.byteLength} of ${sizeBytes}`)
  }
  await withRetries(settings, name, attempts, receive, hasAdvanced)
}

/** Where an answer's bytes begin in the file. */
function firstByte({ status, headers }: Response): number {
  if (status !== 206) return 0
  return Number(/^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1] ?? -1)
}
