import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'vite'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { noticesFile, pageNotices } from './third-party-notices.ts'

const temporary = mkdtempSync(join(tmpdir(), 'entrace-notices-'))
afterAll(() => rmSync(temporary, { recursive: true }))

describe('notices of the page', () => {
  it('are there for every package that its source maps name, with its licence', async () => {
    const outDir = join(temporary, 'page')
    await build({ configFile: 'vite.web.config.ts', build: { outDir, emptyOutDir: true, sourcemap: true } })
    const sources = globSync('assets/*.map', { cwd: outDir }).flatMap(
      name => JSON.parse(readFileSync(join(outDir, name), 'utf8')).sources as string[],
    )
    const packages = new Set(
      sources.flatMap(path => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
    )
    // One of the page's own, one of each worker's, one that is loaded when it is asked for.
    for (const name of ['comlink', 'hyparquet', '@huggingface/tokenizers', 'd3-scale', 'katex'])
      expect(packages, name).toContain(name)

    const notices = readFileSync(join(outDir, noticesFile), 'utf8')
    for (const name of packages) {
      const folder = join('node_modules', name)
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      expect(notices).toContain(`\n${name} ${version} (`)
      expect(notices, name).toContain(readFileSync(join(folder, 'LICENSE'), 'utf8').trim())
    }

    const fonts = globSync('assets/*.{ttf,otf,woff,woff2}', { cwd: outDir })
    expect(fonts.length).toBeGreaterThan(20)
    for (const path of fonts) expect(notices).toContain(/[^/]+(?=-.{8}\.\w+$)/.exec(path)![0])
    expect(notices).toMatch(
      /with Reserved Font Name KaTeX_Main\.[\s\S]*SIL OPEN FONT LICENSE\n\nVersion 1\.1/,
    )
  })
})

describe('notices of a build', () => {
  const root = join(temporary, 'project')
  const write = (name: string, text: string | Buffer) => {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const manifest = (license: string | undefined) =>
    JSON.stringify({ name: 'bundled', version: '1.2.3', license, type: 'module', exports: './index.js' })

  /** What the build of a page writes that imports `bundled`. */
  async function buildNotices(): Promise<string> {
    const outDir = join(root, 'dist')
    const { page } = pageNotices()
    await build({
      root,
      configFile: false,
      logLevel: 'silent',
      plugins: [page],
      build: { outDir, assetsInlineLimit: 0 },
    })
    return readFileSync(join(outDir, noticesFile), 'utf8')
  }

  beforeEach(() => {
    rmSync(root, { recursive: true, force: true })
    write('index.html', '<script type="module" src="./main.js"></script>')
    write('main.js', "import { value } from 'bundled'\nconsole.log(value)")
    write('node_modules/bundled/index.js', 'export const value = Math.random()')
    write('node_modules/bundled/package.json', manifest('MIT'))
    write('node_modules/bundled/LICENSE', 'the terms of bundled')
    write('node_modules/unused/package.json', '{"name": "unused", "version": "1.0.0"}')
  })

  it('have the licence, the notice and what comments of its code say', async () => {
    write('node_modules/bundled/NOTICE.md', 'a notice of bundled')
    write(
      'node_modules/bundled/index.js',
      '/* Copyright 2013 Somebody, licensed under Apache-2.0 */\n// copies right angles\nexport const value = Math.random()',
    )
    const notices = await buildNotices()
    expect(notices).toContain('  bundled 1.2.3')
    expect(notices).toMatch(/the terms of bundled[\s\S]*a notice of bundled[\s\S]*Copyright 2013 Somebody/)
    expect(notices).not.toMatch(/right angles|unused/)
  })

  it('fail where a package has no licence text, no licence, or one that does not go together with Apache-2.0', async () => {
    rmSync(join(root, 'node_modules/bundled/LICENSE'))
    await expect(buildNotices()).rejects.toThrow(/bundled 1\.2\.3 .* no file with its licence/)
    write('node_modules/bundled/LICENSE', 'the terms of bundled')
    write('node_modules/bundled/package.json', manifest(undefined))
    await expect(buildNotices()).rejects.toThrow(/bundled 1\.2\.3 .* no licence in package\.json/)
    write('node_modules/bundled/package.json', manifest('(MIT AND GPL-3.0-only)'))
    await expect(buildNotices()).rejects.toThrow(/bundled 1\.2\.3 .* under "\(MIT AND GPL-3\.0-only\)"/)
    write('node_modules/bundled/package.json', manifest('(MIT OR Apache-2.0)'))
    expect(await buildNotices()).toContain('bundled 1.2.3 ((MIT OR Apache-2.0))')
  })

  it('have what a style and its font say, and fail where the font says nothing', async () => {
    write('main.js', "import 'bundled/fonts.css'")
    write('node_modules/bundled/package.json', '{"name": "bundled", "version": "1.2.3", "license": "MIT"}')
    write('node_modules/bundled/fonts.css', '@font-face { font-family: A; src: url(KaTeX_Main-Bold.woff2) }')
    const font = (ending: string) => readFileSync(`node_modules/katex/dist/fonts/KaTeX_Main-Bold.${ending}`)
    write('node_modules/bundled/KaTeX_Main-Bold.woff2', font('woff2'))
    await expect(buildNotices()).rejects.toThrow(/the font .*KaTeX_Main-Bold .* found none/)
    write('node_modules/bundled/KaTeX_Main-Bold.ttf', font('ttf'))
    const notices = await buildNotices()
    expect(notices).toContain('bundled 1.2.3 (MIT, its fonts OFL-1.1)')
    expect(notices).toMatch(/Fonts KaTeX_Main-Bold:\n\nCopyright \(c\)[\s\S]*SIL OPEN FONT LICENSE/)
  })
})
