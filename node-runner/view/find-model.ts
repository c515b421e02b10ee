import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '../../core/input-error.ts'
import { ggufModelName, isGgufName } from '../../core/model/gguf-files.ts'
import { isModelName } from '../../core/model/model-name.ts'
import { isCommit, isRelativePath, parseRepository } from '../hub/hub-repository.ts'
import { locateModel } from '../models/open-model.ts'
import { foreignFiles } from '../run/read-run-files.ts'
import { readRunDescription } from '../run/run-description.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'

/** A model that can continue answers in the page: its folder or its file in GGUF, and its name. */
export type FoundModel = NonNullable<Awaited<ReturnType<typeof findModel>>>

/**
 * The model that is asked for; without one the run's own where it lies under its name in `models` here, in the `models` that
 * ship, or in the Hub's cache: what a run says of its model is no leave to serve another folder. Null where it is nowhere.
 * Throws InputError for one that is asked for and is not there.
 */
export async function findModel(asked: string | undefined, runFolder: string, progress: Progress) {
  if (asked !== undefined) {
    const { path } = await locateModel(asked, 'weights', progress)
    const isFile = isGgufName(path)
    if (!existsSync(isFile ? path : join(path, 'config.json')))
      throw new InputError(
        `--model ${asked}: found no ${isFile ? path : join(path, 'config.json')}; expected a model folder, a file in GGUF or an id of the Hub`,
      )
    return { path: resolve(path), name: isFile ? ggufModelName(path) : basename(resolve(asked)) }
  }
  const run = foreignFiles(runFolder).length > 0 ? null : readRunDescription(join(runFolder, 'run.json'))
  const stated = (run?.model ?? {}) as Partial<Record<'name' | 'revision' | 'file', unknown>>
  const { name, revision, file = null } = stated
  if (!isModelName(name) || !(file === null || isGgufPath(file))) return null
  const path = findInModels(name, file, runFolder) ?? (await findInCache(name, file, revision))
  return path === null ? null : { path, name: basename(name) }
}

/** Whether a text can only be the path of a file in GGUF below a folder. */
function isGgufPath(file: unknown): file is string {
  return typeof file === 'string' && isGgufName(file) && isRelativePath(file)
}

/** The folder of a model in one of the folders `models`, or its file; null where it is in none, or a link leads out of them. */
function findInModels(name: string, file: string | null, runFolder: string): string | null {
  const source = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  // In the package, the source lies in a folder of its own.
  const root = existsSync(join(source, 'package.json')) ? source : dirname(source)
  for (const models of [resolve('models'), join(root, 'models')]) {
    const places = file === null ? [join(models, name)] : [join(models, file), join(models, name, file)]
    const place = places.find(path => existsSync(file === null ? join(path, 'config.json') : path))
    if (place === undefined) continue
    const [within, path, run] = [models, place, runFolder].map(each => realpathSync(each) + sep)
    // Who stands in the run's folder has its `models`, too.
    if (path!.startsWith(within!) && !within!.startsWith(run!)) return path!.slice(0, -sep.length)
  }
  return null
}

/** The folder of a model in the Hub's cache, or its file, where all of it is there; null where it is not. The Hub is not asked. */
async function findInCache(name: string, file: string | null, revision: unknown): Promise<string | null> {
  if (typeof revision !== 'string' || !isCommit(revision)) return null
  const repository = parseRepository(`${name}@${revision}`, 'model')
  if (!repository) return null
  const [{ fetchModel }, { hubSettings }] = await Promise.all([
    import('../models/fetch-from-hub.ts'),
    import('../hub/hub-fetch.ts'),
  ])
  try {
    const settings = { ...hubSettings(), isOffline: true }
    return resolve((await fetchModel(repository, 'weights', createProgress(true), file, settings)).path)
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  }
}
