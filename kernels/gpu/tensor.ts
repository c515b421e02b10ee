import type { Device } from './device.ts'

/** How elements lie in memory. bf16 and f16 are packed two to a 32-bit word, the first in the low half. */
export type DType = 'f32' | 'u32' | 'bf16' | 'f16'

/** A named, shaped range of a device buffer. Row-major. A view shares its buffer. */
export interface Tensor {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly buffer: GPUBuffer
  /** A multiple of 256. */
  readonly offsetBytes: number
}

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): 2 | 4 {
  return dtype === 'bf16' || dtype === 'f16' ? 2 : 4
}

/** Bytes of a tensor's elements, without padding. */
export function tensorBytes(tensor: Pick<Tensor, 'dtype' | 'shape'>): number {
  return elementCount(tensor.shape) * bytesPerElement(tensor.dtype)
}

/** Makes a tensor, zeroed by WebGPU's rules. Throws as `Device.createBuffer` does. */
export async function createTensor(
  device: Device,
  name: string,
  dtype: DType,
  shape: readonly number[],
): Promise<Tensor> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  const buffer = await device.createBuffer(name, tensorBytes({ dtype, shape }), usage)
  return { name, dtype, shape, buffer, offsetBytes: 0 }
}

/** Tensors in one buffer. */
export interface TensorGroup<Name extends string> {
  buffer: GPUBuffer
  sizeBytes: number
  tensors: Record<Name, Tensor>
}

/** Makes several tensors in one buffer, so that one copy reads them all back. Each starts at a multiple of 256 bytes. */
export async function createTensorGroup<Name extends string>(
  device: Device,
  groupName: string,
  members: Record<Name, { dtype: DType; shape: readonly number[] }>,
): Promise<TensorGroup<Name>> {
  let sizeBytes = 0
  const placed = Object.entries<(typeof members)[Name]>(members).map(([name, member]) => {
    const offsetBytes = sizeBytes
    sizeBytes += Math.ceil(tensorBytes(member) / 256) * 256
    return [name, { name: `${groupName}.${name}`, ...member, offsetBytes }] as const
  })
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  const buffer = await device.createBuffer(groupName, sizeBytes, usage)
  const tensors = Object.fromEntries(placed.map(([name, range]) => [name, { ...range, buffer }]))
  return { buffer, sizeBytes, tensors: tensors as Record<Name, Tensor> }
}

/** The same memory with fewer rows (first dimension), or another shape of no more elements. */
export function viewTensor(tensor: Tensor, shape: readonly number[]): Tensor {
  if (elementCount(shape) > elementCount(tensor.shape))
    throw new Error(`view of ${tensor.name}: [${shape}] needs more elements than its [${tensor.shape}]`)
  return { ...tensor, shape }
}

/** Copies numbers into a tensor, in queue order. For bf16 and f16 `data` holds the packed bytes. */
export function uploadTensor(
  device: Device,
  tensor: Tensor,
  data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
): void {
  const expected = Math.ceil(tensorBytes(tensor) / 4) * 4
  if (data.byteLength !== expected)
    throw new Error(
      `upload of ${tensor.name}: ${data.byteLength} bytes given, [${tensor.shape}] of ${tensor.dtype} holds ${expected}`,
    )
  device.write(tensor.buffer, tensor.offsetBytes, data)
}

/** Makes a tensor and fills it. */
export async function tensorFrom(
  device: Device,
  name: string,
  shape: readonly number[],
  data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
  dtype: DType = data instanceof Float32Array ? 'f32' : 'u32',
): Promise<Tensor> {
  const tensor = await createTensor(device, name, dtype, shape)
  uploadTensor(device, tensor, data)
  return tensor
}

/** What was read back, as 32-bit words and as the f32 numbers whose bits these are. */
export interface Words {
  words: Uint32Array
  floats: Float32Array
}

/** The words of bytes that were read back. */
export function wordsOf(bytes: ArrayBuffer | Words): Words {
  return bytes instanceof ArrayBuffer
    ? { words: new Uint32Array(bytes), floats: new Float32Array(bytes) }
    : bytes
}

/** Throws when a tensor's shape or type is not what a kernel expects; the message says what to look at. */
export function checkTensor(
  kernel: string,
  tensor: Tensor,
  dtypes: readonly DType[],
  shape: readonly number[],
): void {
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis]))
    throw new Error(
      `${kernel}: ${tensor.name} is [${tensor.shape}], expected [${shape}]; check the model's config against its weights`,
    )
  if (!dtypes.includes(tensor.dtype))
    throw new Error(`${kernel}: ${tensor.name} is ${tensor.dtype}, expected ${dtypes.join(' or ')}`)
}
