import { setTimeout } from 'node:timers/promises'
import { getHFHubCachePath } from '@huggingface/hub'
import { InputError } from '../../core/input-error.ts'

/** The Hub did not answer, or answered for long that it cannot now: what is in the cache may do. */
export class HubUnreachableError extends InputError {}

/** A fault that may pass by itself: a lost connection, too many requests, a fault of the server. */
export class PassingFault extends Error {
  /** How long the server asks to wait; null where it does not say. */
  readonly waitMs: number | null
  constructor(message: string, waitMs: number | null = null) {
    super(message)
    this.waitMs = waitMs
  }
}

const firstWaitMs = 250
const longestWaitMs = 30_000
/** A server that asks for more is not waited for. */
const longestAskedMs = 300_000
const silenceMs = 60_000

/**
 * One request to the Hub. The token goes to the endpoint's own host alone; when it redirects to another, fetch drops
 * the header. Throws PassingFault for what may pass, InputError for a refusal, saying of `what`.
 */
export async function requestOnce(settings: HubSettings, what: string, url: string, init: RequestInit = {}) {
  const headers = new Headers(init.headers)
  const isOwn = new URL(url).origin === new URL(settings.endpoint).origin
  if (settings.token !== null && isOwn) headers.set('authorization', `Bearer ${settings.token}`)
  let response: Response
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(silenceMs), ...init, headers })
  } catch (error) {
    throw new PassingFault(describeFault(error))
  }
  const isPage = /^text\/html\b/i.test(response.headers.get('content-type') ?? '')
  if (response.ok && !(isPage && !/\.html?$/i.test(new URL(url).pathname))) return response
  await response.body?.cancel()
  if (response.ok) throw otherAnswer(settings, what, 'a web page')
  const { status } = response
  if ([408, 429].includes(status) || status >= 500)
    throw new PassingFault(`status ${status}`, retryAfterMs(response))
  throw new InputError(refusal(settings, what, response))
}

/** What answers is not the Hub: a proxy, or the page on which to log in to a network. What is in the cache may do. */
export function otherAnswer({ endpoint }: HubSettings, what: string, found: string): HubUnreachableError {
  return new HubUnreachableError(
    `${what}: ${endpoint} answered with ${found} in place of what was asked for, as a proxy does or a network that wants a login; ` +
      'log in, check HF_ENDPOINT, or give files that are on this machine',
  )
}

/** The bytes of an answer as they come. Throws PassingFault when the connection breaks. */
export async function* bodyChunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw new PassingFault(describeFault(error))
  }
}

/**
 * Does something until no fault gets in its way, waiting longer before each attempt, or as long as the server asks.
 * Throws HubUnreachableError after `attempts` faults in a row; `hasAdvanced` says that a row has ended.
 */
export async function withRetries<T>(
  settings: HubSettings,
  what: string,
  attempts: number,
  attempt: () => Promise<T>,
  hasAdvanced: () => boolean = () => false,
): Promise<T> {
  for (let faults = 1; ; faults++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof PassingFault)) throw error
      if (hasAdvanced()) faults = 1
      const waitMs = error.waitMs ?? Math.min(firstWaitMs * 2 ** (faults - 1), longestWaitMs)
      if (faults >= attempts || waitMs > longestAskedMs)
        throw new HubUnreachableError(
          `${what}: ${settings.endpoint} cannot be reached (${error.message}, attempt ${faults} of ${attempts}` +
            `${waitMs > longestAskedMs ? `, asks to wait ${Math.round(waitMs / 1000)} s` : ''}); ` +
            'try again, name a mirror with HF_ENDPOINT, or give files that are on this machine',
          { cause: error },
        )
      await setTimeout(waitMs)
    }
  }
}

/** A fault of the network in words; fetch hides the reason in `cause`. */
function describeFault(error: unknown): string {
  const { cause, message, name } = error as Error
  if (name === 'TimeoutError' || name === 'AbortError') return `no answer for ${silenceMs / 1000} s`
  const reason = cause as (Error & { code?: string }) | undefined
  return reason?.code ?? reason?.message ?? message
}

/** Aborts when nothing has been heard for long; call `heard` at every sign of life, `end` at last. */
export function silenceSignal(): { signal: AbortSignal; heard(): void; end(): void } {
  const controller = new AbortController()
  const abort = () => controller.abort(new DOMException('silence', 'TimeoutError'))
  const timer = globalThis.setTimeout(abort, silenceMs)
  return { signal: controller.signal, heard: () => void timer.refresh(), end: () => clearTimeout(timer) }
}

/** The header Retry-After, which holds seconds or a date. */
function retryAfterMs(response: Response): number | null {
  const text = response.headers.get('retry-after')
  if (text === null) return null
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? null : Math.max(0, ms)
}

function refusal({ endpoint, token }: HubSettings, what: string, response: Response): string {
  const { status, headers } = response
  const code = headers.get('x-error-code')
  if (code === 'RevisionNotFound')
    return `${what}: ${endpoint} has no such revision; check what is behind the @`
  if (status === 403 || code === 'GatedRepo')
    return (
      `${what}: ${endpoint} refuses access (status ${status}): it is gated; accept its conditions on its page, ` +
      `${token === null ? 'and set HF_TOKEN to a token of that account' : 'with the account of HF_TOKEN'}`
    )
  if (status === 401)
    return token === null
      ? `${what}: ${endpoint} asks who you are (status 401): either there is no such repository, check the name, ` +
          'or it is private, then set HF_TOKEN to a token that may read it'
      : `${what}: ${endpoint} does not accept HF_TOKEN for it (status 401): check the name and the token`
  if (status === 404) return `${what}: ${endpoint} has no such repository or file; check the name`
  return `${what}: ${endpoint} answered with status ${status}${code === null ? '' : ` (${code})`}; check the name`
}

/** How the Hub is reached and where its files are kept: the environment variables that its own tools heed. */
export type HubSettings = ReturnType<typeof hubSettings>

/** Reads the settings. Throws InputError for an HF_ENDPOINT that is no address. */
export function hubSettings() {
  const endpoint = (process.env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, '')
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw new InputError(`HF_ENDPOINT: is "${endpoint}", expected the address of a Hub, as https://host`)
  return {
    /** Without a slash at the end. */
    endpoint,
    /** Sent to the endpoint alone. */
    token: process.env['HF_TOKEN']?.trim() || null,
    /** Nothing but the cache is used. */
    isOffline: /^(1|on|yes|true)$/i.test(process.env['HF_HUB_OFFLINE'] ?? ''),
    /** HF_HUB_CACHE, else $HF_HOME/hub, else ~/.cache/huggingface/hub: shared with Python's huggingface_hub. */
    cacheFolder: getHFHubCachePath(),
  }
}
