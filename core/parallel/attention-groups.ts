import type { Range } from './split-range.ts'

/** Neighbouring query heads of a rank that share a key-value head. All numbers count the rank's own heads from 0. */
export interface AttentionGroup {
  keyValueHead: number
  firstQueryHead: number
  queryHeads: number
}

/** The groups of a rank that holds these query heads, where the model shares a key-value head among `groupSize`. */
export function attentionGroups(queryHeads: Range, groupSize: number): AttentionGroup[] {
  const groups: AttentionGroup[] = []
  const end = queryHeads.first + queryHeads.count
  for (let head = queryHeads.first; head < end; ) {
    const next = Math.min(end, (Math.floor(head / groupSize) + 1) * groupSize)
    groups.push({
      keyValueHead: groups.length,
      firstQueryHead: head - queryHeads.first,
      queryHeads: next - head,
    })
    head = next
  }
  return groups
}

/** Whether every key-value head of a rank serves as many query heads, so that a division finds it. */
export function areEven(groups: readonly AttentionGroup[]): boolean {
  return groups.every(group => group.queryHeads === groups[0]?.queryHeads)
}
