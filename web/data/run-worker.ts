import { expose, transfer } from 'comlink'
import type { TraceSample } from '../../core/record/traces.ts'
import { openRunData, type RunData, type RunSnapshot } from '../../core/run/open-run.ts'
import { filesOf, type RunSource } from './run-source.ts'
import { tellRead, tellReading } from './watch-worker.ts'

/** What a search found since it last said so, and how far it is. */
export interface TextMatches {
  rows: number[]
  scanned: number
  total: number
}

const workerApi = {
  /** Answers as soon as the worker is not busy. */
  ping(): void {},
  async open(source: RunSource): Promise<RunSnapshot> {
    data = await openRunData(filesOf(source), { reading: tellReading, read: tellRead })
    return handOver(data.snapshot())
  },
  /** The run as it is now when it has changed, else null. */
  async poll(): Promise<RunSnapshot | null> {
    const next = await opened().poll()
    if (!next) return null
    data = next
    return handOver(next.snapshot())
  },
  async readScore(name: string): Promise<Float64Array> {
    const score = await opened().readScore(name)
    return transfer(score, [score.buffer])
  },
  readSample: (row: number): Promise<TraceSample> => opened().readSample(row),
  /** Ends early when another search begins. */
  async searchText(query: string, onMatches: (matches: TextMatches) => void): Promise<void> {
    const ticket = ++lastSearch
    const wanted = query.toLocaleLowerCase()
    const total = opened().count
    let rows: number[] = []
    let toldMs = performance.now()
    for await (const { row, problem, generatedText } of opened().texts()) {
      if (ticket !== lastSearch) return
      if (problem.toLocaleLowerCase().includes(wanted) || generatedText.toLocaleLowerCase().includes(wanted))
        rows.push(row)
      if (performance.now() - toldMs < searchTellMs) continue
      onMatches({ rows, scanned: row + 1, total })
      rows = []
      toldMs = performance.now()
      // Lets a newer search through.
      await new Promise(resolve => setTimeout(resolve))
    }
    if (ticket === lastSearch) onMatches({ rows, scanned: total, total })
  },
  async readPositions(onProgress: (rows: number) => void): Promise<Float32Array> {
    const positions = await opened().readPositions(onProgress)
    return transfer(positions, [positions.buffer])
  },
}

/** What the page may call, through Comlink. */
export type RunWorker = typeof workerApi

const searchTellMs = 100

let data: RunData | null = null
let lastSearch = 0

function opened(): RunData {
  if (!data) throw new Error('run worker: no run is open; open one first')
  return data
}

/** Moves the numbers to the page instead of copying them. */
function handOver(snapshot: RunSnapshot): RunSnapshot {
  const { scores, ...scalars } = snapshot.columns
  const columns: unknown[] = [...Object.values(scores), ...Object.values(scalars)]
  const buffers = columns.filter(ArrayBuffer.isView).map(column => column.buffer as ArrayBuffer)
  return transfer(snapshot, buffers)
}

expose(workerApi)
