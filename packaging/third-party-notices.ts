import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { basename, join, resolve } from 'node:path'
import { normalizePath, type Plugin, type Rolldown } from 'vite'

/** Name of the file of notices, in `dist` and in the folder of the page. */
export const noticesFile = 'THIRD_PARTY_NOTICES.txt'

/**
 * Licences whose terms allow what is under them to be handed on with a program under Apache-2.0, as long as their notices
 * go with it. Another one stops the build.
 */
const compatibleLicences = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'OFL-1.1',
  'Unlicense',
])

/** A package of others of which something is handed on. */
interface ForeignPackage {
  folder: string
  /** Its files that went into the output; none where it travels whole. */
  files: string[]
}

/** What has to be said of a package. */
interface Notice {
  name: string
  version: string
  licence: string
  texts: string[]
}

/**
 * Plugins for the build of a page and of its workers, which are bundled apart: together they write the notices of every
 * package of which a module, a style or a font is in the output. A package without a licence or its text fails the build.
 */
export function pageNotices(): { page: Plugin; worker: () => Plugin[] } {
  const sources = new Set<string>()
  let root = ''
  const collect = (bundle: Rolldown.OutputBundle) => {
    for (const source of sourcesOf(bundle, root)) sources.add(source)
  }
  return {
    page: {
      name: 'third-party-notices',
      apply: 'build',
      configResolved: config => {
        root = config.root
      },
      generateBundle(_, bundle) {
        collect(bundle)
        this.emitFile({ type: 'asset', fileName: noticesFile, source: formatNotices(packagesOf(sources)) })
      },
    },
    worker: () => [{ name: 'third-party-sources', generateBundle: (_, bundle) => collect(bundle) }],
  }
}

/**
 * Plugin for the build of the package: writes the notices of what npm packs with it, which the lockfile marks, and of what
 * the bundler put into its modules.
 */
export function packageNotices(root: string): Plugin {
  return {
    name: 'third-party-notices',
    generateBundle(_, bundle) {
      const locked: Record<string, { inBundle?: boolean }> = JSON.parse(
        readFileSync(join(root, 'package-lock.json'), 'utf8'),
      ).packages
      const packed = Object.keys(locked).filter(path => locked[path]?.inBundle)
      const packages = [
        ...packed.map(path => ({ folder: join(root, path), files: [] })),
        ...packagesOf(sourcesOf(bundle, root)),
      ]
      this.emitFile({ type: 'asset', fileName: noticesFile, source: formatNotices(packages) })
    },
  }
}

/** Where all that is in the output came from: paths of files, and names of modules that the bundler makes up. */
function sourcesOf(bundle: Rolldown.OutputBundle, root: string): string[] {
  return Object.values(bundle).flatMap(output =>
    output.type === 'chunk'
      ? // A style is a module without code.
        Object.keys(output.modules)
      : output.originalFileNames.map(name => normalizePath(resolve(root, name))),
  )
}

function packagesOf(sources: Iterable<string>): ForeignPackage[] {
  const packages = new Map<string, ForeignPackage>()
  for (const source of sources) {
    // What follows a question mark says how the file is read.
    const [file = ''] = source.split('?')
    const folder = packageFolder(file)
    if (folder === null) continue
    const found: ForeignPackage = packages.get(folder) ?? { folder, files: [] }
    if (!file.startsWith('\0')) found.files.push(file)
    packages.set(folder, found)
  }
  return [...packages.values()]
}

/** Folder of the package that a file or a made-up module belongs to; null for the project's own. */
function packageFolder(file: string): string | null {
  const [, bundler] = /^\0(vite|rolldown)\//.exec(file) ?? []
  if (bundler !== undefined) {
    // rolldown is a package of Vite's, not of the project.
    const manifest = findPackageJSON(bundler, findPackageJSON('vite', import.meta.url))
    if (manifest) return normalizePath(resolve(manifest, '..'))
  }
  if (file.startsWith('\0'))
    throw new Error(
      `the output holds "${file.slice(1)}", which no file has: find out which package it comes from, and have ` +
        'packaging/third-party-notices.ts name that package',
    )
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? null
}

function formatNotices(packages: readonly ForeignPackage[]): string {
  const notices = packages.map(noticeOf).sort((a, b) => (a.name < b.name ? -1 : 1))
  const own = { name: 'Entrace itself', licence: 'Apache-2.0', texts: [readLocal('../LICENSE')] }
  const width = Math.max(...notices.map(({ name, version }) => `${name} ${version}`.length))
  const list = notices.map(
    ({ name, version, licence }) => `  ${`${name} ${version}`.padEnd(width)}  ${licence}`,
  )
  const sections = [own, ...notices.map(notice => ({ ...notice, name: `${notice.name} ${notice.version}` }))]
  return [
    'Third-party notices\n\nEntrace is handed on together with all or parts of these packages:\n',
    `${list.join('\n')}\n`,
    ...sections.map(
      ({ name, licence, texts }) =>
        `${'='.repeat(80)}\n${name} (${licence})\n\n${texts.map(text => `${text.trim()}\n`).join('\n')}`,
    ),
  ].join('\n')
}

function noticeOf({ folder, files }: ForeignPackage): Notice {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const texts = licenceTexts(folder)
  const fonts = fontNotices(files)
  if (typeof license !== 'string' || texts.length === 0)
    throw new Error(
      `${name} ${version} is part of the output, but ${folder} has no ${texts.length === 0 ? 'file with its licence' : 'licence in package.json'}: ` +
        'what nobody may hand on can be no part of it; do without that package, or let npm install it (no bundled dependency)',
    )
  for (const id of license.split(/[\s()]+|\bAND\b|\bOR\b/).filter(Boolean))
    if (!compatibleLicences.has(id))
      throw new Error(
        `${name} ${version} is part of the output under "${license}", expected ${[...compatibleLicences].join(', ')}: ` +
          'do without it, or read whether its terms go together with Apache-2.0 and add it to packaging/third-party-notices.ts',
      )
  const licence = fonts.length > 0 ? `${license}, its fonts OFL-1.1` : license
  return { name, version, licence, texts: [...texts, ...fonts, ...legalComments(files)] }
}

/** Texts of the files of a package that hold licences and notices, without those of what is not handed on. */
function licenceTexts(folder: string): string[] {
  return (
    readdirSync(folder, { withFileTypes: true })
      .filter(
        entry => entry.isFile() && /^(un)?licen[sc]e|^copying|^notice|^third-party-licen/i.test(entry.name),
      )
      .map(entry => readFileSync(join(folder, entry.name), 'utf8'))
      // Vite lists what it is built of itself; of Vite a page holds a few lines of its own.
      .map(text => text.split(/^# Licenses of bundled dependencies$/m)[0]!)
  )
}

/** Comments of code and styles that say whose a part is or name its licence: bundling takes them out. */
function legalComments(files: readonly string[]): string[] {
  const comments = files
    .filter(file => /\.([cm]?[jt]sx?|css)$/.test(file))
    .flatMap(file => readFileSync(file, 'utf8').match(/\/\*[\s\S]*?\*\/|(?:^[ \t]*\/\/.*\n?)+/gm) ?? [])
    .filter(comment => /copyright\b.*\d{4}|@licen[sc]e|licen[sc]ed under/i.test(comment))
  return [...new Set(comments)]
}

/**
 * The notices that fonts carry within, each after the names of its fonts, and the licence that they name. Fonts come in
 * several formats of one name; they are read as TrueType, whose tables are not compressed.
 */
function fontNotices(files: readonly string[]): string[] {
  const fonts = new Set(files.filter(file => /\.(ttf|otf|woff2?|eot)$/.test(file)).map(withoutEnding))
  if (fonts.size === 0) return []
  const namesByNotice = new Map<string, string[]>()
  for (const font of [...fonts].sort()) {
    const path = `${font}.ttf`
    const notice = existsSync(path) ? readFontLicence(readFileSync(path)) : null
    if (!notice?.includes('SIL Open Font License, Version 1.1'))
      throw new Error(
        `the font ${font} is part of the output; expected ${basename(path)} beside it that names the SIL Open Font License, ` +
          `found ${notice ? `"${notice.slice(0, 200)}"` : 'none'}: read its licence and have packaging/third-party-notices.ts give it`,
      )
    namesByNotice.set(notice, [...(namesByNotice.get(notice) ?? []), basename(font)])
  }
  const notices = Array.from(namesByNotice, ([notice, names]) => `Fonts ${names.join(', ')}:\n\n${notice}\n`)
  return [...notices, readLocal('./OFL-1.1.txt')]
}

/** The description of the licence in a TrueType font (OpenType 1.9, table "name", name 13, as Windows reads it), or null. */
function readFontLicence(font: Buffer): string | null {
  for (let record = 12; record < 12 + 16 * font.readUInt16BE(4); record += 16) {
    if (font.toString('latin1', record, record + 4) !== 'name') continue
    const table = font.subarray(font.readUInt32BE(record + 8))
    const texts = table.subarray(table.readUInt16BE(4))
    for (let name = 6; name < 6 + 12 * table.readUInt16BE(2); name += 12) {
      if (table.readUInt16BE(name) !== 3 || table.readUInt16BE(name + 6) !== 13) continue
      const start = table.readUInt16BE(name + 10)
      return Buffer.from(texts.subarray(start, start + table.readUInt16BE(name + 8)))
        .swap16()
        .toString('utf16le')
    }
  }
  return null
}

const withoutEnding = (file: string) => file.replace(/\.\w+$/, '')

const readLocal = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
