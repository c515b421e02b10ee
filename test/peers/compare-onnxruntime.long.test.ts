import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { quantile, wallClock } from '../../kernels/gpu/bench.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import type { PreparedKernel } from '../../kernels/gpu/prepared-kernel.ts'
import { prepareLinear } from '../../kernels/linear/linear.cases.ts'
import { chooseLinearVariant } from '../../kernels/linear/linear.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { testAdapter } from '../support/device.ts'
import { npmPackage, replaceTable } from './npm-package.ts'

const onnxRuntime = 'onnxruntime-node@1.30.0'
const page = new URL('../../docs/quantised-models.md', import.meta.url)
const shapes = [
  { rows: 1, inputs: 896, outputs: 9728 },
  { rows: 1, inputs: 4096, outputs: 4096 },
  { rows: 64, inputs: 896, outputs: 1152 },
]
const rounds = 60

/** ONNX Runtime's product of the same shapes, in a process of its own, a round at a time. */
async function openOnnxRuntime() {
  const script = fileURLToPath(new URL('onnxruntime-linear.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(shapes)], {
    cwd: npmPackage(onnxRuntime),
    env: process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', chunk => (said += chunk))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`ONNX Runtime ended: ${said}`)
    return JSON.parse(value) as number | number[]
  }
  // Weights of (9 - 8) · 0.5 times ones.
  expect(await next()).toBe(shapes[0]!.inputs / 2)
  const round = async () => {
    child.stdin.write('\n')
    return (await next()) as number[]
  }
  return { round, end: () => child.stdin.end() }
}

async function timeRounds(device: Device, own: readonly PreparedKernel[]) {
  const clock = wallClock(device)
  const peer = await openOnnxRuntime()
  const times: number[][] = []
  for (let round = -3; round < rounds; round++) {
    const timed: number[] = []
    for (const prepared of own) timed.push(await clock.timeMs(prepared, 1))
    timed.push(...(await peer.round()))
    // The first rounds compile.
    if (round >= 0) times.push(timed)
  }
  peer.end()
  return times
}

it('multiplies with Q4_0 weights in no more time than with bf16', async () => {
  const device = await openDevice(await openAdapter(testAdapter))
  const own: PreparedKernel[] = []
  for (const dtype of ['bf16', 'q4_0'] as const)
    for (const shape of shapes)
      own.push(await prepareLinear(device, { ...shape, dtype }, chooseLinearVariant(device, shape.rows)))
  const times = await timeRounds(device, own)
  const ratio = (column: number, to: number) =>
    times.map(row => row[column]! / row[to]!).toSorted((a, b) => a - b)
  const spread = (ratios: number[]) =>
    `${[0.5, 0.25, 0.75].map(at => quantile(ratios, at).toFixed(2)).join(' (')})`.replace(
      / \(([\d.]+)\)$/,
      ' to $1)',
    )
  const medians: number[] = []
  const rows = shapes.map(({ rows, inputs, outputs }, index) => {
    const plain = times.map(row => row[index]!).toSorted((a, b) => a - b)
    const ours = ratio(shapes.length + index, index)
    medians.push(quantile(ours, 0.5))
    const theirs = ratio(2 * shapes.length + index, index)
    return `| ${rows} × ${inputs} by ${outputs} | ${quantile(plain, 0.5).toFixed(2)} ms | ${spread(ours)} | ${spread(theirs)} |`
  })
  const table = [
    `| product | bf16, Entrace | Q4_0, Entrace | MatMulNBits, ONNX Runtime |`,
    '| --- | --- | --- | --- |',
    ...rows,
  ]
  console.log(device.adapterName)
  console.log(table.join('\n'))
  device.destroy()
  expect(Math.max(...medians)).toBeLessThanOrEqual(1)
  replaceTable(page, 'Times beside ONNX Runtime', table)
})
