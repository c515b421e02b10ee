/** Throws a RangeError when two columns of one table differ in length. */
export function checkSameLength(where: string, first: ArrayLike<unknown>, second: ArrayLike<unknown>): void {
  if (first.length !== second.length) {
    throw new RangeError(
      `${where}: ${first.length} and ${second.length} values, expected as many of each; pass two columns of the same samples`,
    )
  }
}
