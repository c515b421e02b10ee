import { afterEach, expect, it, vi } from 'vitest'
import { httpModelFiles } from './http-model-files.ts'

afterEach(() => vi.unstubAllGlobals())

it.each(['https://host/a model', 'https://host/a model/'])(
  'opens files beside one another in %s',
  async folder => {
    const asked: string[] = []
    vi.stubGlobal('fetch', async (address: string) => {
      asked.push(address)
      if (!address.endsWith('config.json')) return new Response(null, { status: 404 })
      return new Response('{', { status: 206, headers: { 'Content-Range': 'bytes 0-0/505' } })
    })
    const files = httpModelFiles(folder)
    expect(files.name).toBe(folder)
    expect(await files.open('config.json')).toMatchObject({ byteLength: 505 })
    // A name is one file's, whatever is in it.
    expect(await files.open('weights?#/..')).toBeNull()
    expect(asked).toEqual(['https://host/a model/config.json', 'https://host/a model/weights%3F%23%2F..'])
  },
)
