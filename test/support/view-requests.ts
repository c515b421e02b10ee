import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../../core/seeded-random.ts'
import { serveView } from '../../node-runner/view/serve-view.ts'
import { propertySeed } from './property-seed.ts'

/** What became of many requests to the viewer's server that no browser would make. */
export interface AskedViewer {
  /** How many were answered with which status; `closed` without a word. */
  counts: Record<string, number>
  /** What no request may get, each with the request. */
  failures: string[]
  slowestMs: number
}

const secret = 'what nobody may read'
/** What may be read, by its address. */
const open = {
  '/run/run.json': 'the run',
  '/run/samples.jsonl': 'the journal',
  '/run/report.html': 'the report',
  '/run/entropy_analysis.svg': 'the figure',
  '/run-2/run.json': 'the other run',
  '/model/m/config.json': 'the model',
  '/assets/page.js': 'the page',
}
const statuses = ['200', '206', '400', '403', '404', '405', '413', '416', '417', '431', 'closed']
const types =
  /^(application\/(json|x-ndjson|octet-stream)|text\/(plain|html|javascript); charset=utf-8|image\/png)$/

/** Asks a server of its own with `count` mutated requests, eight at a time. */
export async function askViewer(count: number): Promise<AskedViewer> {
  const folder = mkdtempSync(join(tmpdir(), 'entrace-view-'))
  for (const [address, content] of Object.entries({ '/page/index.html': 'the start', ...open })) {
    const path = join(folder, address.replace(/^\/assets/, '/page/assets').replace('/model/m', '/model'))
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, content)
  }
  for (const path of ['secret.txt', 'page/.env', 'run/notes.html', 'run/secret.txt', 'model/secret.txt'])
    writeFileSync(join(folder, path), secret)
  symlinkSync('../secret.txt', join(folder, 'run/analysis.json'))
  symlinkSync('../secret.txt', join(folder, 'model/tokenizer.json'))
  symlinkSync('..', join(folder, 'run/linked'))
  symlinkSync('../secret.txt', join(folder, 'page/assets/linked.js'))
  const model = { path: join(folder, 'model'), name: 'm' }
  const server = await serveView(join(folder, 'page'), join(folder, 'run'), 0, [join(folder, 'run-2')], model)
  const { port } = new URL(server.url)
  const found: AskedViewer = { counts: {}, failures: [], slowestMs: 0 }
  const random = seededRandom(propertySeed)
  let left = count
  const askOn = async () => {
    while (left-- > 0) {
      const request = mutatedRequest(random, port)
      const { answer, ms } = await ask(Number(port), request)
      found.slowestMs = Math.max(found.slowestMs, ms)
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 'closed'
      found.counts[status] = (found.counts[status] ?? 0) + 1
      const fault = faultOf(request, status, answer, port)
      if (fault !== null && found.failures.length < 10)
        found.failures.push(
          `${fault}: ${JSON.stringify(request.slice(0, 600))} got ${JSON.stringify(answer.slice(0, 900))}`,
        )
    }
  }
  try {
    await Promise.all(Array.from({ length: 8 }, askOn))
    const last = await fetch(`${server.url}run/run.json`)
    if ((await last.text()) !== 'the run') found.failures.push('the server answers no more')
  } finally {
    await server.close()
    rmSync(folder, { recursive: true })
  }
  return found
}

/** What of an answer may not be; null where nothing is amiss. */
function faultOf(request: string, status: string, answer: string, port: string): string | null {
  if (answer.includes(secret)) return 'it was told the secret'
  if (!statuses.includes(status)) return `status ${status}`
  if (status !== '200' && status !== '206') return null
  const [head = ''] = answer.split('\r\n\r\n')
  const told = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim()
  const host = /^host:[ \t]*(.*?)[ \t]*\r$/im.exec(request)?.[1]
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) return `answered to ${host}`
  if (!/^(GET|HEAD) /.test(request.trimStart())) return 'another method was answered'
  if (told('x-content-type-options') !== 'nosniff') return 'without nosniff'
  if (!types.test(told('content-type') ?? '')) return `of type ${told('content-type')}`
  const policy = told('content-security-policy') ?? ''
  if (!policy.includes("default-src 'none'")) return 'without a policy'
  if (answer.endsWith('the report') && !policy.startsWith('sandbox;')) return 'a report with script'
  return null
}

/**
 * Sends a request as it is, and reads until the server is done; what is not whole is ended. `ms` is from when there is a connection: a
 * busy system lets one wait for seconds, whatever the server does.
 */
function ask(port: number, request: string): Promise<{ answer: string; ms: number }> {
  return new Promise(resolve => {
    let startMs = performance.now()
    const chunks: Buffer[] = []
    const socket = connect({ port, host: '127.0.0.1' })
    const end = () => {
      socket.destroy()
      // Before it comes, a server may ask for more of the request.
      const answer = Buffer.concat(chunks)
        .toString('latin1')
        .replace(/^HTTP\/1\.1 100 .*\r\n\r\n/, '')
      resolve({ answer, ms: performance.now() - startMs })
    }
    socket.on('connect', () => {
      startMs = performance.now()
    })
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    for (const event of ['end', 'close', 'error']) socket.on(event, end)
    socket.write(request, 'latin1')
    // Whatever it still waits for does not come.
    if (!request.includes('\r\n\r\n')) socket.end()
  })
}

/** A request that is as it should be in some parts, and not in others. */
function mutatedRequest(random: () => number, port: string): string {
  const oneOf = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!
  const isMeant = (share: number) => random() < share
  const noise = (length: number) =>
    Array.from({ length: Math.ceil(random() * length) }, () => String.fromCharCode(random() * 256)).join('')
  const segments = [
    ...['..', '.', '%2e%2e', '%2E.', '%252e%252e', '%c0%ae%c0%ae', '..%00', '%00', '%u002e%u002e', '....'],
    ...['..;', '~', '.env', 'C:', 'C:\\', '\\\\host\\share', '::$DATA', 'CON', 'file:', '', 'etc/passwd'],
    ...['run', 'run-2', 'model', 'm', 'assets', 'page', 'linked', 'linked.js', 'secret.txt', 'notes.html'],
    ...['run.json', 'analysis.json', 'samples.jsonl', 'samples-2.jsonl', 'report.html', 'tokenizer.json'],
    ...['index.html', 'page.js', '%E2%80%A8', '?x=..', '#x', '%', '%zz', '%2f', '%5c'],
  ]
  const separators = ['/', '/', '/', '/', '//', '%2f', '%2F', '\\', '%5c', '%252f', '']
  const path = () => {
    if (isMeant(0.3)) return oneOf(Object.keys(open))
    const starts = ['/', '/', '/run/', '/run/', '/run-2/', '/model/m/', '/assets/', '', '*', '//', '\\']
    let text = oneOf([
      ...starts,
      `http://127.0.0.1:${port}/`,
      'http://example.org/run/',
      '/run/../',
      'file:///',
    ])
    for (let more = Math.floor(random() * 6); more > 0; more--) text += oneOf(segments) + oneOf(separators)
    if (isMeant(0.1)) text += noise(20).replaceAll(/\s/g, '+')
    if (isMeant(0.02)) text += 'a/'.repeat(random() * 12_000)
    return text + oneOf(['', ...Object.keys(open), 'secret.txt', 'run.json'])
  }
  const right = [`127.0.0.1:${port}`, `localhost:${port}`]
  const wrong = [
    'example.org',
    `example.org:${port}`,
    '127.0.0.1',
    `127.0.0.1:${port}.example.org`,
    `[::1]:${port}`,
  ]
  const others = [
    `127.0.0.1:${port}@example.org`,
    `0.0.0.0:${port}`,
    `LOCALHOST:${port}`,
    '',
    `127.1:${port}`,
    noise(9),
  ]
  const hosts = isMeant(0.7) ? [oneOf(right)] : isMeant(0.8) ? [oneOf([...wrong, ...others])] : []
  if (isMeant(0.03)) hosts.push(oneOf([...right, ...wrong]))
  const further = [
    () =>
      `Range: bytes=${oneOf(['0-3', '2-', '-2', '99-', '5-1', '-0', '0-0,2-3', '9'.repeat(400), noise(9)])}`,
    () => `X-Forwarded-Host: ${right[0]}`,
    () => `Origin: ${oneOf(['http://example.org', 'null', `http://${right[0]}`])}`,
    () => `Content-Length: ${oneOf(['0', '5', '-1', '1e9', '99999999999999999999', '5, 6'])}`,
    () => `Transfer-Encoding: ${oneOf(['chunked', 'gzip, chunked', 'xchunked', ' chunked'])}`,
    () => 'Expect: 100-continue',
    () => `Upgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==`,
    () => `If-None-Match: *`,
    () => `Accept-Encoding: ${'gzip, '.repeat(random() * 3000)}`,
    () => `X-${'y'.repeat(random() * 200)}: ${noise(100)}`,
    () => Array.from({ length: random() * 600 }, (_, index) => `X${index}: ${index}`).join('\r\n') || 'X: 0',
    () => noise(60),
  ]
  const headers = hosts.map(host => `Host: ${host}`)
  if (isMeant(0.3)) headers.push(further[0]!())
  while (isMeant(0.3)) headers.push(oneOf(further)())
  headers.push('Connection: close')
  const methods = [
    'POST',
    'PUT',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'CONNECT',
    'PATCH',
    'PROPFIND',
    'get',
    'G',
    noise(6),
  ]
  const method = isMeant(0.8) ? oneOf(['GET', 'GET', 'HEAD']) : oneOf(methods)
  const version = isMeant(0.95)
    ? 'HTTP/1.1'
    : oneOf(['HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', 'http/1.1', '', noise(8)])
  const lineEnd = isMeant(0.99) ? '\r\n' : oneOf(['\n', '\r', '\n\r'])
  const head = [`${method} ${path()} ${version}`, ...headers].join(lineEnd)
  const body = isMeant(0.1)
    ? oneOf(['0\r\n\r\n', 'fff\r\n', noise(200), 'GET /run/secret.txt HTTP/1.1\r\n\r\n'])
    : ''
  const whole = `${head}${lineEnd}${lineEnd}${body}`
  return isMeant(0.03) ? whole.slice(0, random() * whole.length) : whole
}
