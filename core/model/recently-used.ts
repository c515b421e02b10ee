/** Few things that are dear to make: the last used are kept. */
export class RecentlyUsed<Item> {
  /** The last used first. */
  readonly #items: Item[] = []
  readonly #most: number

  /** At most so many are kept. */
  constructor(most: number) {
    this.#most = most
  }

  /** The wanted one, which is thereby used, or undefined. */
  find(isWanted: (item: Item) => boolean): Item | undefined {
    const at = this.#items.findIndex(isWanted)
    if (at === -1) return undefined
    const item = this.#items[at]!
    this.#items.copyWithin(1, 0, at)
    this.#items[0] = item
    return item
  }

  /** Keeps one; returns that which was not used for longest where it has to go. */
  add(item: Item): Item | undefined {
    this.#items.unshift(item)
    return this.#items.length > this.#most ? this.#items.pop() : undefined
  }
}
