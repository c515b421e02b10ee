import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { cacheFolder } from '../../node-runner/files/folders.ts'

/** llama.cpp as npm has it, built for the CPU and for Vulkan. */
export const nodeLlamaCpp = 'node-llama-cpp@3.22.1'

/** The folder of a package of npm in the project's cache, where it is installed on first use without running its scripts. */
export function npmPackage(spec: string): string {
  const folder = `${cacheFolder('peers')}/npm-${spec.replace('@', '-')}`
  if (existsSync(folder)) return folder
  const staging = mkdtempSync(`${folder}.installing-`)
  writeFileSync(`${staging}/package.json`, '{"private":true}')
  const flags = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', staging, spec]
  const { status, stderr } = spawnSync('npm', flags, { encoding: 'utf8', cwd: staging })
  if (status !== 0) {
    rmSync(staging, { recursive: true })
    throw new Error(`npm could not install ${spec}: ${stderr.trim()}`)
  }
  renameSync(staging, folder)
  return folder
}

/** Puts a table in the place of the one that stands under a heading of a document. Throws where there is none. */
export function replaceTable(document: URL, heading: string, lines: readonly string[]): void {
  const [before, after] = readFileSync(document, 'utf8').split(`\n## ${heading}\n`)
  const table = /(?:^\|.*\n)+/m
  if (!after || !table.test(after)) throw new Error(`${document}: no table under the heading ${heading}`)
  const replaced = after.replace(table, () => lines.map(line => `${line}\n`).join(''))
  writeFileSync(document, `${before}\n## ${heading}\n${replaced}`)
}
