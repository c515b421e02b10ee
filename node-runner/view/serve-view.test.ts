import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { serveView, type ViewServer } from './serve-view.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
const snapshot = join(folder, 'models--a--b/snapshots/0123')
let server: ViewServer
beforeAll(async () => {
  for (const name of ['page', 'run', 'other']) mkdirSync(join(folder, name))
  writeFileSync(
    join(folder, 'page/index.html'),
    '<!doctype html><meta name="entrace-run" content="x"><meta name="entrace-other-runs" content=""><meta name="entrace-model" content="demo/" /><title>page</title>',
  )
  writeFileSync(join(folder, 'other/run.json'), '{"of":"other"}')
  writeFileSync(join(folder, 'run/run.json'), '{"of":"run"}')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'run/link.txt'))
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'run/analysis.json'))
  symlinkSync('notes.html', join(folder, 'run/report.md'))
  symlinkSync(join(folder, 'other'), join(folder, 'run/linked'))
  mkdirSync(join(folder, 'run/summary.parquet'))
  execFileSync('mkfifo', [join(folder, 'run/traces.parquet')])
  for (const name of [
    'README.md',
    'report.html',
    'entropy_analysis.svg',
    'entropy_analysis.png',
    'samples.jsonl',
    'samples-2.jsonl',
  ])
    writeFileSync(join(folder, 'run', name), `<script>of ${name}</script>`)
  for (const name of [
    'notes.html',
    'index.html',
    'run.js',
    'config.json',
    'samples-0.jsonl',
    'report.html.js',
    '.env',
  ])
    writeFileSync(join(folder, 'run', name), 'secret')
  // As the Hub's cache has it: files of a commit are links to those of its repository.
  mkdirSync(snapshot, { recursive: true })
  mkdirSync(join(snapshot, '../../blobs'))
  writeFileSync(join(snapshot, '../../blobs/1'), 'weights')
  symlinkSync('../../blobs/1', join(snapshot, 'model.safetensors'))
  symlinkSync(join(folder, 'secret.txt'), join(snapshot, 'tokenizer.json'))
  for (const name of ['config.json', 'chat_template.jinja', 'merges.txt', 'secret.json'])
    writeFileSync(join(snapshot, name), name)
  server = await serveView(join(folder, 'page'), join(folder, 'run'), 0, [join(folder, 'other')], {
    path: snapshot,
    name: 'a b',
  })
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** Asks for a path as it is given: a URL would tidy it. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, ...options }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    asked.on('error', reject)
    asked.end()
  })
}

it('serves the page and the run, isolated and to itself', async () => {
  expect((await ask('/')).text).toContain('<title>page</title>')
  const { status, text, headers } = await ask('/run/run.json')
  expect([status, text]).toEqual([200, '{"of":"run"}'])
  expect(headers).toMatchObject({
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'x-content-type-options': 'nosniff',
  })
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*script-src 'self'/)
})

it('serves what continues answers of the model, and names it in the page', async () => {
  expect((await ask('/')).text).toContain('<meta name="entrace-model" content="model/a%20b/" />')
  for (const name of ['config.json', 'chat_template.jinja', 'merges.txt'])
    expect((await ask(`/model/a%20b/${name}`)).text).toBe(name)
  expect((await ask('/model/a%20b/model.safetensors')).text).toBe('weights')
})

it('names no model where it serves none', async () => {
  const without = await serveView(join(folder, 'page'), join(folder, 'run'))
  expect(await (await fetch(without.url)).text()).toContain('<meta name="entrace-model" content="" />')
  expect((await fetch(`${without.url}model/a%20b/config.json`)).status).toBe(404)
  await without.close()
})

it.each([
  '/model/a%20b/secret.json',
  '/model/a%20b/tokenizer.json',
  '/model/a%20b/..%2f..%2fblobs%2f1',
  '/model/../../../secret.txt',
  '/model/config.json',
  '/../secret.txt',
  '/run/../../secret.txt',
  '/run/%2e%2e/%2e%2e/secret.txt',
  '/run/..%2f..%2fsecret.txt',
  '/run/..\\..\\secret.txt',
  '/run/link.txt',
  '/run/%00',
  '/run/%zz',
  '/run/none.json',
  '/run/analysis.json',
  '/run/report.md',
  '/run/linked/run.json',
  '/run/summary.parquet',
  '/run/traces.parquet',
  '/run/notes.html',
  '/run/index.html',
  '/run/run.js',
  '/run/config.json',
  '/run/samples-0.jsonl',
  '/run/report.html.js',
  '/run/.env',
  '/run/',
  '/run//run.json',
  '/run/./run.json',
  '/run/x/../run.json',
  '/run/RUN.JSON',
  '/run/run.json.',
  '/run/run.json::$DATA',
  '/run/C:\\secret.txt',
  '/run/\\\\host\\share\\secret.txt',
  '//run/run.json',
  '/etc/passwd',
  '/model/b/config.json',
])('serves nothing outside the folders: %s', async path => {
  const { status, text } = await ask(path)
  expect(status).toBe(404)
  expect(text).not.toContain('secret')
})

it('serves runs to compare with, and tells the page of them', async () => {
  const { text } = await ask('/')
  expect(text).toContain('<meta name="entrace-run" content="run/">')
  expect(text).toContain('<meta name="entrace-other-runs" content="run-2/">')
  expect((await ask('/run-2/run.json')).text).toBe('{"of":"other"}')
  for (const path of ['/run-2/../secret.txt', '/run-3/run.json', '/run-2', '/other/run.json'])
    expect((await ask(path)).status).toBe(404)
})

it('answers ranges, and says which it cannot', async () => {
  const part = await ask('/run/run.json', { headers: { Range: 'bytes=2-3' } })
  expect([part.status, part.text, part.headers['content-range']]).toEqual([206, 'of', 'bytes 2-3/12'])
  expect((await ask('/run/run.json', { headers: { Range: 'bytes=99-' } })).status).toBe(416)
})

it('refuses other hosts, which would be another page in disguise, and other methods', async () => {
  expect((await ask('/run/run.json', { headers: { Host: 'example.org' } })).status).toBe(403)
  expect((await ask('/run/run.json', { method: 'POST' })).status).toBe(405)
  const head = await ask('/run/run.json', { method: 'HEAD' })
  expect([head.status, head.text]).toEqual([200, ''])
})

it('gives a run no type that runs at its origin', async () => {
  const told = async (name: string) => {
    const { status, headers } = await ask(`/run/${name}`)
    return [
      status,
      headers['content-type'],
      headers['content-disposition'],
      headers['x-content-type-options'],
    ]
  }
  const nosniff = 'nosniff'
  expect(await told('samples-2.jsonl')).toEqual([200, 'application/x-ndjson', undefined, nosniff])
  expect(await told('entropy_analysis.png')).toEqual([200, 'image/png', undefined, nosniff])
  expect(await told('README.md')).toEqual([200, 'text/plain; charset=utf-8', undefined, nosniff])
  const saved = 'attachment; filename="entropy_analysis.svg"'
  expect(await told('entropy_analysis.svg')).toEqual([200, 'application/octet-stream', saved, nosniff])
})

it('serves a report without script, and with an origin of its own', async () => {
  const { status, headers } = await ask('/run/report.html')
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(headers['content-security-policy']).toMatch(
    /^sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;/,
  )
  expect(headers['content-security-policy']).not.toMatch(/script|allow/)
})

it('takes no request for a proxy', async () => {
  expect((await ask('http://example.org/run/run.json')).status).toBe(400)
})

it('says that a port is taken', async () => {
  const { port } = new URL(server.url)
  await expect(serveView(folder, folder, Number(port))).rejects.toThrow(InputError)
})
