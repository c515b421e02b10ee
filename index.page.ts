/**
 * `entrace` in a page: the names of `index.ts`, over the browser's WebGPU and files that are read by http. What needs a disk or
 * the Hub's cache says so.
 *
 * @module
 */
import { limitsFor, Model, type RoomOptions } from './core/generate/answer.ts'
import { InputError } from './core/input-error.ts'
import { type HttpModel, openHttpModel } from './core/model/http-model.ts'
import { hashRow, loadingBytes, loadModel as loadOnDevices } from './core/model/load-model.ts'
import { type OpenedRun, openRunFiles } from './core/run/open-run.ts'
import { addressFiles, givenFiles } from './core/run/run-files.ts'
import { type Device, type GpuProvider, openDevice } from './kernels/gpu/device.ts'

export * from './core/run/front-door.ts'

/** How a model is loaded in a page. */
export interface LoadOptions extends RoomOptions {
  /** Devices that the model is split over, all of the browser's one adapter; 1 without. */
  ranks?: number
  /** Called as weights are read, with bytes done and bytes in all. */
  onProgress?: (doneBytes: number, totalBytes: number) => void
}

/**
 * Loads a model from the http address of its folder, or of its file in GGUF, on a server that serves ranges. Rejects with
 * InputError for what is no model that can be run, and with an Error that says what to do where the browser has no WebGPU. Close
 * it, or its memory stays taken.
 */
export async function loadModel(address: string, options: LoadOptions = {}): Promise<Model> {
  const { ranks = 1, onProgress } = options
  const whole = httpAddress(address, 'loadModel', 'models of a disk or of the Hub are loaded in Node')
  const opened = await openHttpModel(whole.href)
  const { where, config, entries, generationConfig, name } = opened
  const tokenizer = await openTokenizerOf(opened)
  const devices: Device[] = []
  const release = () => {
    for (const device of devices) device.destroy()
  }
  try {
    const request = { config, weights: { where, entries }, limits: limitsFor(config, options) }
    const totalBytes = loadingBytes(request, ranks)
    for (let rank = 0; rank < ranks; rank++) devices.push(await openDevice(await openAdapter()))
    let doneBytes = 0
    const onBytes = (bytes: number) => onProgress?.((doneBytes += bytes), totalBytes)
    const loaded = await loadOnDevices(devices, { ...request, onBytes, hashRow })
    const statedEnds = { config: config.eosTokenIds, generationConfig: generationConfig?.eosTokenIds ?? null }
    return new Model({ name, loaded, tokenizer, statedEnds, release })
  } catch (error) {
    release()
    throw error
  }
}

/** Null where a folder has no vocabulary. */
async function openTokenizerOf({ tokenizerFrom }: HttpModel) {
  if ('metadata' in tokenizerFrom)
    return (await import('./core/tokenizer/gguf-tokenizer.ts')).openGgufTokenizer(tokenizerFrom.metadata)
  const { files } = tokenizerFrom
  const vocabularies = await Promise.all(['tokenizer.json', 'vocab.json'].map(name => files.open(name)))
  if (vocabularies.every(source => source === null)) return null
  return (await import('./core/tokenizer/open-tokenizer.ts')).openTokenizer(files)
}

/**
 * Opens a run: the http address of its folder, or the files of one that were chosen or dropped. Rejects with InputError for what is
 * no run, or is damaged. Files of others had better be opened in a worker that can be ended: a damaged Parquet file may take long.
 */
export async function openRun(source: string | readonly File[]): Promise<OpenedRun> {
  if (typeof source !== 'string') return openRunFiles(givenFiles(source))
  const address = httpAddress(source, 'openRun', 'folders of a disk are opened in Node, or here as files')
  return openRunFiles(addressFiles(address.href.endsWith('/') ? address.href : `${address.href}/`))
}

/** Opens the browser's adapter for `openDevice` of `entrace/kernels`. Rejects with what to do where there is none. */
export async function openAdapter(): Promise<GpuProvider> {
  // Absent where there is no WebGPU, whatever its type says.
  const gpu = navigator.gpu as GPU | undefined
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' })
  if (!gpu || !adapter)
    throw new Error(
      `${gpu ? 'This browser has WebGPU, but found no adapter that it may use' : 'This browser has no WebGPU here'}, ` +
        'so nothing can be computed. Look at chrome://gpu (or about:support), update the driver of the graphics card, or use another browser',
    )
  return { gpu, adapter }
}

/** A whole address of what may be relative to the page. */
function httpAddress(text: string, what: string, instead: string): URL {
  const address = URL.canParse(text, location.href) ? new URL(text, location.href) : null
  if (!address || !/^https?:$/.test(address.protocol))
    throw new InputError(`${what}: ${text} is no http address, which a page needs; ${instead}`)
  return address
}
