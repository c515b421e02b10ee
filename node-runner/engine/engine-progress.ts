import { sharingNotice } from '../adapter/rank-adapters.ts'
import { formatBytes, type Progress, type ProgressStage } from '../terminal/progress.ts'
import type { EngineEvent, LoadedEngine } from './messages.ts'

/** Shows an engine's work: a bar of bytes while it loads, then one of `total` problems; without `label` no second one. */
export function createEngineProgress(progress: Progress, label: string | null, total: number) {
  let stage: ProgressStage | null = null
  let loadedBytes = 0
  let status = { tokens: 0, hostBytes: 0 }
  let deviceBytes = 0
  let startedMs = 0
  const details = () =>
    [
      `${(status.tokens / ((performance.now() - startedMs) / 1000)).toFixed(1)} tokens/s`,
      `host ${formatBytes(status.hostBytes + process.memoryUsage.rss())}`,
      `device ${formatBytes(deviceBytes)}`,
    ].join(' · ')
  const end = () => {
    stage?.stop()
    stage = null
    loadedBytes = 0
  }
  return {
    onLoading(readBytes: number, totalBytes: number) {
      stage ??= progress.start('loading weights', totalBytes, 'bytes')
      stage.advance(readBytes - loadedBytes)
      loadedBytes = readBytes
    },
    onLoaded(loaded: LoadedEngine) {
      end()
      deviceBytes = loaded.deviceBytes.reduce((sum, size) => sum + size, 0)
      const [first] = loaded.adapters
      progress.say(
        `${first?.kind === 'cpu' ? 'CPU adapter' : 'GPU'}: ${[...new Set(loaded.adapterNames)].join(', ')}`,
      )
      const notice = sharingNotice(loaded.adapters)
      if (notice) progress.say(notice)
      startedMs = performance.now()
      if (label !== null) stage = progress.start(label, total, 'problems', details)
    },
    onAnswer() {
      total--
      stage?.advance(1)
    },
    onStatus(event: Extract<EngineEvent, { kind: 'status' }>) {
      status = event
      stage?.refresh()
    },
    onRestart(reason: string) {
      end()
      progress.say(`the engine ended (${reason}); starting it again: what was finished is kept`)
    },
    end,
  }
}
