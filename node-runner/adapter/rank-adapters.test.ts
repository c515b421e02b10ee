import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { describeWhere } from '../../test/support/describe-where.ts'
import { eightAdapters } from '../../test/support/eight-adapters.ts'
import type { OpenedRanks } from '../../test/support/open-ranks.ts'
import { nameRanks, sharingNotice } from './rank-adapters.ts'
import { swiftshaderFiles } from './vulkan-driver.ts'

const driverFiles = eightAdapters()
const oneDriver = swiftshaderFiles()?.driverManifest
const script = fileURLToPath(new URL('../../test/support/open-ranks.ts', import.meta.url))

/** Runs the script in a process whose Vulkan drivers and environment are these; rejects with what it prints as errors. */
async function openRanks(drivers: string, env: Record<string, string>, ...args: (string | number)[]) {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args.map(String)], {
    env: { ...process.env, VK_DRIVER_FILES: drivers, ...env },
  })
  return JSON.parse(stdout) as OpenedRanks
}

const numbers = (length: number) => Array.from({ length }, (_, i) => i)
const noCompiler = { PATH: '', CC: '' }

describeWhere(
  driverFiles !== null,
  'no SwiftShader on this machine (Linux on x64, with @sparticuz/chromium)',
  'ranks on eight adapters of one name',
  () => {
    it('gives rank i the adapter #i, in eight threads at once, twice in one process', async () => {
      const { listed, assigned, rounds } = await openRanks(driverFiles!, {}, 'auto', 8, 2)
      expect(listed).toHaveLength(8)
      expect(new Set(listed).size).toBe(1)
      expect(assigned).toEqual(
        numbers(8).map(rank => ({ rank, name: `${listed[0]} #${rank} of 8`, kind: 'cpu', sharedBy: [rank] })),
      )
      const expected = numbers(8).map(i => ({ device: `swiftshader-device-subzero-${i}-of-8`, answer: 42 }))
      expect(rounds).toEqual([expected, expected])
      expect(sharingNotice(assigned)).toBeNull()
    })

    it('lets ranks share adapters where there are fewer, and says so', async () => {
      const { assigned, rounds } = await openRanks(driverFiles!, {}, 'cpu', 11)
      expect(assigned.map(({ sharedBy }) => sharedBy)).toEqual(
        numbers(11).map(rank => [[0, 8], [1, 9], [2, 10], [3], [4], [5], [6], [7]][rank % 8]),
      )
      expect(rounds[0]!.map(({ device }) => device)).toEqual(
        numbers(11).map(rank => `swiftshader-device-subzero-${rank % 8}-of-8`),
      )
      expect(sharingNotice(assigned)).toMatch(
        /^11 ranks on 8 adapters: ranks 0, 8 share SwiftShader.* #0 of 8; ranks 1, 9/,
      )
    })

    it('takes the adapter that a number names', async () => {
      const { rounds } = await openRanks(driverFiles!, {}, '#5', 1)
      expect(rounds[0]).toEqual([{ device: 'swiftshader-device-subzero-5-of-8', answer: 42 }])
    })

    it('says what to install where there is no compiler', async () => {
      await expect(openRanks(driverFiles!, noCompiler, 'auto', 2)).rejects.toThrow(
        /2 adapters cannot be told apart by name: "SwiftShader.*no C compiler.*Install.*apt-get install gcc libc6-dev.*--tp 1/s,
      )
    })

    it('needs no compiler for the first of them', async () => {
      const { assigned, rounds } = await openRanks(driverFiles!, noCompiler, 'auto', 1)
      expect(assigned).toMatchObject([{ name: 'SwiftShader Device (Subzero)', sharedBy: [0] }])
      expect(rounds[0]).toEqual([{ device: 'swiftshader-device-subzero-', answer: 42 }])
    })
  },
)

describeWhere(
  oneDriver !== undefined,
  'no SwiftShader on this machine (Linux on x64, with @sparticuz/chromium)',
  'ranks on one adapter',
  () => {
    it('share it, without a compiler', async () => {
      const { assigned, rounds } = await openRanks(oneDriver!, noCompiler, 'auto', 3)
      expect(assigned.map(({ sharedBy }) => sharedBy)).toEqual([numbers(3), numbers(3), numbers(3)])
      expect(rounds[0]!.map(({ answer }) => answer)).toEqual([42, 42, 42])
      expect(sharingNotice(assigned)).toBe(
        '3 ranks on 1 adapter: ranks 0 to 2 share SwiftShader Device (Subzero)',
      )
    })

    it('are refused where no adapter fits', async () => {
      await expect(openRanks(oneDriver!, {}, 'gpu', 2)).rejects.toThrow(
        /no usable WebGPU adapter: asked for --adapter gpu/,
      )
      await expect(openRanks(oneDriver!, {}, '#7', 2)).rejects.toThrow(
        /--adapter #7, Dawn sees "SwiftShader.* #0 of 1"/,
      )
    })
  },
)

describe('names of ranks', () => {
  it('join three in a row', () => {
    expect(nameRanks([0])).toBe('rank 0')
    expect(nameRanks([0, 1])).toBe('ranks 0, 1')
    expect(nameRanks([0, 1, 4, 5, 6, 9])).toBe('ranks 0, 1, 4 to 6, 9')
  })
})
