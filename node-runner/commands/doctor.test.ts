import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { loadModel } from '../../core/model/load-model.ts'
import { describeWhere } from '../../test/support/describe-where.ts'
import { testDevice } from '../../test/support/device.ts'
import { eightAdapters } from '../../test/support/eight-adapters.ts'
import { doctorReport } from '../measure/doctor-report.ts'
import { openModel } from '../models/open-model.ts'
import { renderReport } from './doctor.ts'

const driverFiles = eightAdapters()
const program = ['--import', './node-runner/wgsl-loader.mjs', 'node-runner/entrace.ts', 'doctor']

/** Runs `entrace doctor` where these Vulkan drivers are installed; rejects with its output at another exit code than 0. */
async function doctor(env: Record<string, string>, ...flags: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...program, ...flags], {
    env: { ...process.env, VK_DRIVER_FILES: driverFiles!, ...env },
  })
  return stdout
}

describe('doctorReport', () => {
  it('opens the CPU adapter and says what it lacks', async () => {
    const report = await doctorReport('cpu')
    expect(report.adapters.length).toBeGreaterThan(0)
    const [rank] = report.ranks
    expect(rank).toMatchObject({ rank: 0, kind: 'cpu', opens: true, sharedBy: [0] })
    expect(rank?.limits).toMatchObject({ maxComputeWorkgroupsPerDimension: 65535 })
    expect(rank?.limits.maxBufferSize).toBeGreaterThan(2 ** 28)
    expect(rank?.features).toHaveProperty('shader-f16')
    expect(report.findings.map(finding => finding.problem).join()).toMatch(/computes on the processor/)
    const text = renderReport(report)
    expect(text).toMatch(/Rank 0: .*\(CPU\)\n {2}max/)
    expect(text).toContain(`  ${report.adapters[0]}\n`)
  })

  it.each([
    ['test/models/tiny-qwen3-moe', 'qwen3_moe', /, 2 of \d+ experts a token/],
    ['test/models/gguf/tiny-qwen2-mixed-q4_k_m.gguf', 'qwen2', /weights in .*q4_k, .*q6_k/],
  ])('says what a model is, and what the device counts for a rank of it: %s', async (model, family, said) => {
    const room = { sequences: 3, contextTokens: 50 }
    const report = await doctorReport('cpu', 1, { model, room })
    expect(report.model).toMatchObject({ name: model, family, ...room })
    expect(renderReport(report)).toMatch(said)
    const device = await testDevice()
    const before = device.counters.allocatedBytes
    const { config, weights, close } = await openModel(model, 'auto')
    const limits = { sequences: 3, capacity: 50, topK: 5 }
    await loadModel([device], { config, weights: { where: model, entries: weights }, limits })
    await close()
    const counted = device.counters.allocatedBytes - before
    expect(Math.abs(report.model!.ranks[0]!.peakBytes / counted - 1)).toBeLessThan(0.02)
  })

  it('says how to get an adapter where the one that is asked for does not exist', async () => {
    const report = await doctorReport('no adapter is called this')
    expect(report.ranks).toEqual([])
    expect(report.findings[0]?.problem).toMatch(
      /no usable WebGPU adapter: asked for --adapter no adapter is called/,
    )
    expect(report.findings[0]?.remedy).toMatch(/npm install @sparticuz\/chromium/)
    expect(renderReport(report)).toMatch(/Findings\n {2}no usable WebGPU adapter/)
  })
})

describeWhere(
  driverFiles !== null,
  'no SwiftShader on this machine (Linux on x64, with @sparticuz/chromium)',
  'entrace doctor --ranks',
  () => {
    it('shows the adapter that each rank gets, as JSON', async () => {
      const report = JSON.parse(await doctor({}, '--ranks', '9', '--json'))
      expect(report.adapters).toHaveLength(8)
      expect(report.ranks.map((rank: { adapter: string }) => rank.adapter)).toEqual(
        [0, 1, 2, 3, 4, 5, 6, 7, 0].map(i => `SwiftShader Device (Subzero) #${i} of 8`),
      )
      expect(report.ranks[8]).toMatchObject({ rank: 8, kind: 'cpu', opens: true, sharedBy: [0, 8] })
      expect(report.findings[0]).toMatchObject({
        problem: '9 ranks on 8 adapters: ranks 0, 8 share SwiftShader Device (Subzero) #0 of 8',
      })
    })

    it('shows it as a table', async () => {
      const text = await doctor({}, '--ranks', '8')
      expect(text).toMatch(/^7 {5}SwiftShader Device \(Subzero\) #7 of 8 {2}CPU$/m)
      expect(text).toMatch(/^Ranks 0 to 7$/m)
    })

    it('ends with 3 where adapters cannot be told apart, and says how to fix it', async () => {
      await expect(doctor({ PATH: '', CC: '' }, '--ranks', '8', '--json')).rejects.toMatchObject({
        code: 3,
        stdout: expect.stringMatching(
          /"problem": "8 adapters cannot.*no C compiler.*\n.*"remedy": "Install a C compiler/,
        ),
      })
    })
  },
)
