/** Puts the members of an array in an order that is drawn evenly among all (Fisher and Yates), in place. */
export function shuffle(members: Uint32Array | number[], random: () => number): void {
  for (let last = members.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const member = members[last]!
    members[last] = members[other]!
    members[other] = member
  }
}
