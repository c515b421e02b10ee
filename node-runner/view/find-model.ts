import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '../../core/input-error.ts'
import { locateModel } from '../files/open-model.ts'
import { parseRepository } from '../hub/hub-repository.ts'
import { readRunDescription } from '../run/run-description.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'

/** A model that can continue answers in the page. */
export interface FoundModel {
  /** Its folder. */
  path: string
  name: string
}

/**
 * The model that is asked for; without one the run's own where it is on this machine: a folder of its name here or in
 * `models` here, the one that ships, or the Hub's cache. Null where it is nowhere. Throws InputError for one that is asked
 * for and is not there.
 */
export async function findModel(
  asked: string | undefined,
  runFolder: string,
  progress: Progress,
): Promise<FoundModel | null> {
  if (asked !== undefined) {
    const { path } = await locateModel(asked, 'weights', progress)
    if (!existsSync(join(path, 'config.json')))
      throw new InputError(
        `--model ${asked}: found no ${join(path, 'config.json')}; expected a model folder or an id of the Hub`,
      )
    return { path: resolve(path), name: basename(asked) }
  }
  const run = readRunDescription(join(runFolder, 'run.json'))
  if (!run) return null
  const { name, revision } = run.model
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  const places = [name, join('models', name), join(root, 'models', name), join(dirname(root), 'models', name)]
  const place = places.find(path => existsSync(join(path, 'config.json')))
  const path = place ?? (await findInCache(name, revision))
  return path === null ? null : { path: resolve(path), name: basename(name) }
}

/** The folder of a model in the Hub's cache, where all of it is there; null where it is not. The Hub is not asked. */
async function findInCache(name: string, revision: string | null): Promise<string | null> {
  const repository = revision === null ? null : parseRepository(`${name}@${revision}`, 'model')
  if (!repository) return null
  const [{ fetchModel }, { hubSettings }] = await Promise.all([
    import('../hub/fetch-model.ts'),
    import('../hub/hub-settings.ts'),
  ])
  try {
    const settings = { ...hubSettings(), isOffline: true }
    return (await fetchModel(repository, 'weights', createProgress(true), settings)).path
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  }
}
