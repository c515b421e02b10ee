import { describe, expect, it } from 'vitest'
import { renderReport } from './doctor.ts'
import { doctorReport } from './doctor-report.ts'

describe('doctorReport', () => {
  it('opens the CPU adapter and says what it lacks', async () => {
    const report = await doctorReport('cpu')
    expect(report.adapters.length).toBeGreaterThan(0)
    const [rank] = report.ranks
    expect(rank).toMatchObject({ rank: 0, kind: 'cpu', opens: true })
    expect(rank?.limits).toMatchObject({ maxComputeWorkgroupsPerDimension: 65535 })
    expect(rank?.limits.maxBufferSize).toBeGreaterThan(2 ** 28)
    expect(rank?.features).toHaveProperty('shader-f16')
    expect(report.findings.map(finding => finding.problem).join()).toMatch(/computes on the processor/)
    const text = renderReport(report)
    expect(text).toMatch(/Rank 0: .*\(CPU\)\n {2}max/)
    expect(text).toContain(`  ${report.adapters[0]}\n`)
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
