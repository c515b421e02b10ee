import { getHFHubCachePath } from '@huggingface/hub'
import { InputError } from '../../core/input-error.ts'

/** How the Hub is reached and where its files are kept: the environment variables that its own tools heed. */
export interface HubSettings {
  /** HF_ENDPOINT, without a slash at the end. */
  endpoint: string
  /** HF_TOKEN; sent to the endpoint alone. */
  token: string | null
  /** HF_HUB_OFFLINE: nothing but the cache is used. */
  isOffline: boolean
  /** HF_HUB_CACHE, else $HF_HOME/hub, else ~/.cache/huggingface/hub: shared with Python's huggingface_hub. */
  cacheFolder: string
}

/** Reads the settings. Throws InputError for an HF_ENDPOINT that is no address. */
export function hubSettings(): HubSettings {
  const endpoint = (process.env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, '')
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw new InputError(`HF_ENDPOINT: is "${endpoint}", expected the address of a Hub, as https://host`)
  return {
    endpoint,
    token: process.env['HF_TOKEN']?.trim() || null,
    isOffline: /^(1|on|yes|true)$/i.test(process.env['HF_HUB_OFFLINE'] ?? ''),
    cacheFolder: getHFHubCachePath(),
  }
}
