/**
 * `entrace` in Node: load a model, generate with the entropy of every token, grade, analyse, open a run.
 *
 *     const model = await loadModel('models/arith-qwen2')
 *     try {
 *       const answer = await generate(model, 'Ann has 3 apples and buys 4. How many has she?')
 *       console.log(answer.text, answer.tokens.map(token => token.entropyNats), gradeAnswer(answer.text ?? '', '7').equal)
 *     } finally {
 *       await model.close()
 *     }
 *
 * Importing it loads neither Dawn nor a tokenizer; what needs them does when it is called. In a page the same names come
 * from `index.page.ts`.
 *
 * @module
 */
import { limitsFor, Model, type RoomOptions } from './core/generate/answer.ts'
import { InputError } from './core/input-error.ts'
import type { OpenedRun } from './core/run/open-run.ts'
import type { GpuProvider } from './kernels/gpu/device.ts'
import type { AdapterChoice } from './node-runner/adapter/adapter-choice.ts'

export * from './core/run/front-door.ts'

/** How a model is loaded in Node. */
export interface LoadOptions extends RoomOptions {
  /** `auto` (a GPU where Dawn sees one, else lavapipe from Mesa 25 on, else SwiftShader), `cpu` (SwiftShader), `gpu`, or a part of an adapter's name. */
  adapter?: AdapterChoice
  /** Adapters that the model is split over; 1 without. */
  ranks?: number
  /** `dummy`: random weights by `seed` for the config alone, which may be the name of a published one. */
  loadFormat?: 'auto' | 'dummy'
  /** Of dummy weights; 0 without. */
  seed?: number
  /** Drops Dawn's validation and bounds checks. */
  unsafeFast?: boolean
  /** Called as weights are read, with bytes done and bytes in all. */
  onProgress?: (doneBytes: number, totalBytes: number) => void
}

/**
 * Loads a model onto an adapter, or split over several: a folder in the Hub's layout, a file in GGUF, or an id of the Hub, which is
 * downloaded where it is not in the cache. Rejects with InputError for what is no model that can be run, and where no adapter can be used
 * with what to install. Close it, or its memory stays taken.
 */
export async function loadModel(model: string, options: LoadOptions = {}): Promise<Model> {
  if (!('groupBy' in Map))
    throw new InputError(
      `loadModel: this is Node ${process.version}, expected 22.18 or newer; install a newer one`,
    )
  if (typeof model !== 'string')
    throw new InputError(`loadModel: ${String(model)}, expected a folder, a file in GGUF or an id of the Hub`)
  const { adapter = 'auto', ranks = 1, loadFormat = 'auto', seed = 0, unsafeFast = false } = options ?? {}
  if (loadFormat !== 'auto' && loadFormat !== 'dummy')
    throw new InputError(`loadModel: loadFormat ${String(loadFormat)}, expected "auto" or "dummy"`)
  const [models, tokenizers, adapters, dawn, loading, { openDevice }, { createHash }] = await Promise.all([
    import('./node-runner/models/open-model.ts'),
    import('./node-runner/models/load-tokenizer.ts'),
    import('./node-runner/adapter/rank-adapters.ts'),
    import('./node-runner/adapter/dawn.ts'),
    import('./core/model/load-model.ts'),
    import('./kernels/gpu/device.ts'),
    import('node:crypto'),
  ])
  const folder = await models.openModel(model, loadFormat)
  const devices: Awaited<ReturnType<typeof openDevice>>[] = []
  const release = () => {
    for (const device of devices) device.destroy()
  }
  try {
    const { config, path } = folder
    const weights = loadFormat === 'dummy' ? { seed } : { where: path, entries: folder.weights }
    const request = { config, weights, limits: limitsFor(config, options) }
    // Before an adapter is opened, whatever is wrong with what was asked.
    const totalBytes = loading.loadingBytes(request, ranks)
    const tokenizer = tokenizers.hasTokenizer(path) ? await tokenizers.loadTokenizer(path) : null
    const assigned = ranks === 1 ? null : await adapters.assignAdapters(adapter, ranks)
    for (let rank = 0; rank < ranks; rank++)
      devices.push(
        await openDevice(
          assigned
            ? await adapters.openRankAdapter(assigned[rank]!, { unsafeFast })
            : await dawn.openAdapter(adapter, { unsafeFast }),
        ),
      )
    let doneBytes = 0
    const loaded = await loading.loadModel(devices, {
      ...request,
      compilesAhead: true,
      onBytes: bytes => options.onProgress?.((doneBytes += bytes), totalBytes),
      hashRow: (label, row) => createHash('sha256').update(label).update(row).digest('hex'),
    })
    return new Model({ name: folder.name, loaded, tokenizer, statedEnds: models.statedEnds(folder), release })
  } catch (error) {
    release()
    throw error
  } finally {
    await folder.close()
  }
}

/**
 * Opens a run: the folder that `eval` wrote, or the http address of one. Reads what is asked for and no more, checked by the
 * run's digests; no adapter is needed. Rejects with InputError for what is no run, or is damaged.
 */
export async function openRun(folderOrAddress: string): Promise<OpenedRun> {
  if (typeof folderOrAddress !== 'string')
    throw new InputError(`openRun: ${String(folderOrAddress)}, expected a folder or an http address`)
  const [{ openRunFiles }, { addressFiles, filesOpenedBy }] = await Promise.all([
    import('./core/run/open-run.ts'),
    import('./core/run/run-files.ts'),
  ])
  if (/^https?:\/\//i.test(folderOrAddress)) return openRunFiles(addressFiles(folderOrAddress))
  const [{ openFileByteSource, openIfThere }, { refuseForeignFilesBeside }, { join }] = await Promise.all([
    import('./node-runner/files/file-byte-source.ts'),
    import('./node-runner/run/read-run-files.ts'),
    import('node:path'),
  ])
  refuseForeignFilesBeside(join(folderOrAddress, 'run.json'))
  // Each read opens its file anew: a run may stay open for long, and grow meanwhile.
  const files = filesOpenedBy(folderOrAddress, async name => {
    const path = join(folderOrAddress, name)
    const found = await openIfThere(path)
    if (!found) return null
    await found.close()
    return {
      name: path,
      byteLength: found.byteLength,
      async slice(start, end = found.byteLength) {
        const source = await openFileByteSource(path)
        return source.slice(start, end).finally(() => source.close())
      },
    }
  })
  return openRunFiles(files)
}

/** Opens an adapter for `openDevice` of `entrace/kernels`: here Dawn's. Rejects, with what to install, where none can be used. */
export async function openAdapter(choice: AdapterChoice = 'auto'): Promise<GpuProvider> {
  const dawn = await import('./node-runner/adapter/dawn.ts')
  return dawn.openAdapter(choice)
}
