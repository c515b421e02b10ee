// The token of a row of a step, from its word in `ids`: the token itself, or with the highest bit set what the step before
// chose in the scored row that the other bits number. That step's choices are rows of chosen_words words in `chosen`, the
// token being word chosen_at of each. A row that is none of theirs holds no token of any vocabulary.

const CHOSEN_BEFORE = 0x80000000u;
const NO_TOKEN = 0xffffffffu;

fn token_of_row(row: u32) -> u32 {
  let word = ids[row];
  if ((word & CHOSEN_BEFORE) == 0u) {
    return word;
  }
  let place = word & ~CHOSEN_BEFORE;
  if (place >= params.chosen_rows) {
    return NO_TOKEN;
  }
  return chosen[place * params.chosen_words + params.chosen_at];
}
