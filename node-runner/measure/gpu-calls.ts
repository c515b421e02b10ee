/** WebGPU's objects whose calls a step makes. */
const traced = ['GPUDevice', 'GPUQueue', 'GPUCommandEncoder', 'GPUComputePassEncoder', 'GPUBuffer'] as const

type Method = (...args: unknown[]) => unknown

/** A call of WebGPU as it was made. */
interface GpuCall {
  name: string
  method: Method
  target: object
  args: unknown[]
  result: unknown
}

/**
 * Writes down every call of WebGPU from now on, until `stop` is called, which gives them in their order. It concerns the
 * whole process, so nothing else may use WebGPU meanwhile, and what is timed must not be traced.
 */
export function traceGpuCalls(): { stop(): GpuCall[] } {
  const calls: GpuCall[] = []
  const originals: { prototype: Record<string, Method>; name: string; method: Method }[] = []
  for (const type of traced) {
    const { prototype } = (globalThis as unknown as Record<string, { prototype: Record<string, Method> }>)[
      type
    ]!
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value !== 'function' || name === 'constructor') continue
      const method = value as Method
      originals.push({ prototype, name, method })
      prototype[name] = function (this: object, ...args: unknown[]) {
        const result = method.apply(this, args)
        calls.push({ name, method, target: this, args, result })
        return result
      }
    }
  }
  return {
    stop() {
      for (const { prototype, name, method } of originals) prototype[name] = method
      return calls
    },
  }
}

/** One call of a replay, on what earlier calls of it gave. */
type Replayed = (results: unknown[]) => unknown

/**
 * The same calls again in a bare loop, which is all that Dawn costs the host for them: on the same objects with the same
 * arguments, where these are results of earlier calls on the new ones. A buffer is mapped before it is read, as it was.
 */
export function replayGpuCalls(calls: readonly GpuCall[]): () => Promise<void> {
  const places = new Map<unknown, number>()
  const steps: { run: Replayed; waits: number | null }[] = []
  /** Of buffers that a call of these maps, the place of its promise. */
  const mappings = new Map<object, number>()
  for (const { name, method, target, args, result } of calls) {
    const isReading = name === 'getMappedRange' || name === 'unmap'
    // Mapped before the first of the calls, it is not here.
    if (isReading && !mappings.has(target)) continue
    steps.push({
      run: replayed(method, target, args, places),
      waits: name === 'getMappedRange' ? mappings.get(target)! : null,
    })
    const place = steps.length - 1
    if (name === 'mapAsync') mappings.set(target, place)
    if (name === 'unmap') mappings.delete(target)
    if (result !== null && typeof result === 'object') places.set(result, place)
  }
  const open = [...mappings]
  return async () => {
    const results: unknown[] = new Array(steps.length)
    for (let i = 0; i < steps.length; i++) {
      const { run, waits } = steps[i]!
      if (waits !== null) await results[waits]
      results[i] = run(results)
    }
    for (const [buffer, place] of open) {
      await results[place]
      ;(buffer as GPUBuffer).unmap()
    }
  }
}

function replayed(
  method: Method,
  target: object,
  args: readonly unknown[],
  places: ReadonlyMap<unknown, number>,
): Replayed {
  const from = places.get(target)
  const targetOf = from === undefined ? () => target : (results: unknown[]) => results[from]
  const isMade = (value: unknown): boolean =>
    places.has(value) || (Array.isArray(value) && value.some(one => places.has(one)))
  if (args.some(isMade)) {
    const argumentOf = (value: unknown, results: unknown[]): unknown =>
      Array.isArray(value)
        ? value.map(one => argumentOf(one, results))
        : places.has(value)
          ? results[places.get(value)!]
          : value
    return results =>
      method.apply(
        targetOf(results),
        args.map(value => argumentOf(value, results)),
      )
  }
  // Without an array of arguments, where there are as few as most calls have.
  const [a, b, c, d] = args
  if (args.length === 0) return results => method.call(targetOf(results))
  if (args.length === 1) return results => method.call(targetOf(results), a)
  if (args.length === 2) return results => method.call(targetOf(results), a, b)
  if (args.length === 3) return results => method.call(targetOf(results), a, b, c)
  if (args.length === 4) return results => method.call(targetOf(results), a, b, c, d)
  return results => method.apply(targetOf(results), [...args])
}
