// Times ONNX Runtime's MatMulNBits (4 bits, blocks of 32: the bytes of Q4_0) on its WebGPU provider, in a process whose working
// folder holds onnxruntime-node: node onnxruntime-linear.mjs SHAPES, a JSON list of { rows, inputs, outputs }. For every line on
// standard input it runs each shape once and prints their times, milliseconds, as a JSON list. The first line it prints is what
// the product of the first shape is, for a check that it computes at all.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const entry = createRequire(`${process.cwd()}/`).resolve('onnxruntime-node')
const { InferenceSession, Tensor } = (await import(pathToFileURL(entry).href)).default
const shapes = JSON.parse(process.argv[2])

// ONNX files are protocol buffers; the numbers of fields are those of onnx.proto3.
const bytesOf = parts => Buffer.concat(parts)
const varint = value => {
  const bytes = []
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left])
    bytes.push((left % 128) + 128)
  }
}
const whole = (field, value) => bytesOf([varint(field * 8), varint(value)])
const nested = (field, content) => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return bytesOf([varint(field * 8 + 2), varint(bytes.length), bytes])
}
const float = 1
const uint8 = 2
const initializer = (name, type, dims, raw) =>
  nested(
    5,
    bytesOf([
      ...dims.map(dim => whole(1, dim)),
      whole(2, type),
      nested(8, name),
      nested(9, Buffer.from(raw)),
    ]),
  )
const value = (field, name, dims) => {
  const shape = bytesOf(dims.map(dim => nested(1, whole(1, dim))))
  return nested(
    field,
    bytesOf([nested(1, name), nested(2, nested(1, bytesOf([whole(1, float), nested(2, shape)])))]),
  )
}
const attribute = (name, number) => nested(5, bytesOf([nested(1, name), whole(3, number), whole(20, 2)]))

/** y = x Wᵀ, W's quants and scales from a simple rule, so that the product is known. */
function modelOf({ rows, inputs, outputs }) {
  const blocks = inputs / 32
  const quants = new Uint8Array(outputs * blocks * 16).fill(0x99)
  const scales = new Float32Array(outputs * blocks).fill(0.5)
  const node = bytesOf([
    ...['x', 'quants', 'scales'].map(name => nested(1, name)),
    nested(2, 'y'),
    nested(4, 'MatMulNBits'),
    ...Object.entries({ K: inputs, N: outputs, bits: 4, block_size: 32 }).map(one => attribute(...one)),
    nested(7, 'com.microsoft'),
  ])
  const graph = bytesOf([
    nested(1, node),
    nested(2, 'product'),
    initializer('quants', uint8, [outputs, blocks, 16], quants),
    initializer('scales', float, [outputs * blocks], scales.buffer),
    value(11, 'x', [rows, inputs]),
    value(12, 'y', [rows, outputs]),
  ])
  const domains = [
    ['', 21],
    ['com.microsoft', 1],
  ]
  return bytesOf([
    whole(1, 10),
    nested(7, graph),
    ...domains.map(([domain, version]) => nested(8, bytesOf([nested(1, domain), whole(2, version)]))),
  ])
}

const prepared = []
for (const shape of shapes) {
  const session = await InferenceSession.create(modelOf(shape), {
    executionProviders: ['webgpu'],
    logSeverityLevel: 3,
  })
  const x = new Tensor('float32', new Float32Array(shape.rows * shape.inputs).fill(1), [
    shape.rows,
    shape.inputs,
  ])
  prepared.push({ session, x })
}
const { y } = await prepared[0].session.run({ x: prepared[0].x })
console.log(JSON.stringify(y.data[0]))
for await (const _ of createInterface({ input: process.stdin })) {
  const times = []
  for (const { session, x } of prepared) {
    const start = performance.now()
    await session.run({ x })
    times.push(performance.now() - start)
  }
  console.log(JSON.stringify(times))
}
process.exit(0)
