const never = new Int32Array(new SharedArrayBuffer(4))
/** Long beside a turn of the event loop, short beside a step of a model on a CPU adapter. */
const napMs = 0.2

/**
 * Lets this thread sleep in short naps until a promise settles. Dawn looks in every turn of the event loop whether a
 * mapping is done, which keeps a core busy: one that a CPU adapter, which computes on the same cores, needs itself.
 */
export function sleepUntil(settled: Promise<unknown>): void {
  let pending = true
  const end = () => {
    pending = false
  }
  settled.then(end, end)
  const nap = () => {
    if (!pending) return
    Atomics.wait(never, 0, 0, napMs)
    setImmediate(nap)
  }
  setImmediate(nap)
}
