import type { Rational } from './rational.ts'

/**
 * Units by the name that stands for all their spellings. Symbols (first column) keep their case, as mm is not Mm; words are
 * read without regard to it, in singular and plural. Units are not converted into one another.
 */
const unitTable: [symbols: string, words: string][] = [
  ['m', 'meter metre'],
  ['cm', 'centimeter centimetre'],
  ['mm', 'millimeter millimetre'],
  ['µm', 'micrometer micrometre micron'],
  ['Å', 'angstrom ångström'],
  ['km', 'kilometer kilometre'],
  ['in', 'inch'],
  ['ft', 'foot feet'],
  ['yd', 'yard'],
  ['mi', 'mile'],
  ['s', 'second sec'],
  ['ms', 'millisecond'],
  ['min', 'minute'],
  ['h hr', 'hour'],
  ['d', 'day'],
  ['yr', 'year'],
  ['g', 'gram gramme'],
  ['mg', 'milligram'],
  ['kg', 'kilogram kilo'],
  ['lb', 'pound lbs'],
  ['oz', 'ounce'],
  ['t', 'tonne'],
  ['L l', 'liter litre'],
  ['mL ml', 'milliliter millilitre'],
  ['N', 'newton'],
  ['J', 'joule'],
  ['kJ', 'kilojoule'],
  ['W', 'watt'],
  ['kW', 'kilowatt'],
  ['V', 'volt'],
  ['A', 'ampere amp'],
  ['K', 'kelvin'],
  ['Hz', 'hertz'],
  ['Pa', 'pascal'],
  ['kPa', 'kilopascal'],
  ['mol', 'mole'],
  ['\\Omega Ω', 'ohm'],
  ['mph', ''],
  ['$ USD US$', 'dollar buck'],
  ['€ EUR', 'euro'],
  ['£ GBP', 'sterling'],
  ['¥ JPY', 'yen'],
  ['₹ Rs Rs. INR', 'rupee'],
  ['¢', 'cent'],
  ['', 'radian rad'],
  ['', 'celsius'],
  ['', 'fahrenheit'],
]

const bySymbol = new Map<string, string>()
const byWord = new Map<string, string>()
for (const [symbols, words] of unitTable) {
  const [name] = words === '' ? symbols.split(' ') : words.split(' ')
  for (const symbol of symbols.split(' ')) if (symbol !== '') bySymbol.set(symbol, name!)
  for (const word of words.split(' ')) if (word !== '') byWord.set(word, name!)
}

/** Symbols that mean a unit where they touch the number: 5cm. One letter there is a factor. */
const gluedSymbols = 'cm|mm|km|kg|mg|ml|mL|ft|Hz|kW|kJ|mph'
/** Symbols of one letter that mean a unit behind a space and a plain number: 14 m. */
const letterSymbols = 'm|s|g|h|N|J|W|V|L'
const isGlued = new RegExp(`^(?:${gluedSymbols})$`)

/** Words of three letters or fewer that name what is counted; any other short run of letters is a product of unknowns. */
const shortWords = new Set(
  (
    'men boy man kid day hrs min sec mph lbs yds mil ton tin dog cat cow hen pig fox bee ant bat egg nut pea bun pie ' +
    'cup can jar bag box tub pot pan pen car bus van cap hat tie toy bar row set lot way odd set mi ft in yd oz lb hr cm ' +
    'mm km kg mg ml rad deg'
  ).split(' '),
)

/** Words behind a number that change what it says. */
const meaningfulWords =
  /\b(?:tens|hundreds?|thousands?|millions?|billions?|trillions?|mio|lakhs?|crores?|dozens?|gross|grand|(?:thi|four|fif|six|seven|eigh|nin|ten|hundred|thousand|million)(?:rd|th)s?|halves|quarters?|below|above|under|over|not|inverse|square$|cube$|or|and|mod|times|plus|minus|half|twice|double|thrice|sin|cos|tan|log|ln|sqrt|pi|factorial|squared|cubed|choose|less|more|fewer|greater|least|most|negative|base|am|pm|infinity|remainder|remaining|if|when|where|for|unless|except|approximately|about|almost|nearly|between|to|from|rejected|extraneous|invalid|impossible|false|wrong|incorrect|discarded|excluded|undefined)\b/i

const consonants = 'bcdfghjklmnpqrstvwxz'
/** How syllables of English words begin and end, where with more than one consonant. */
const onsets =
  'bl|br|ch|cl|cr|dr|dw|fl|fr|gh|gl|gn|gr|kn|ph|pl|pr|ps|qu|rh|sc|sh|sk|sl|sm|sn|sp|sq|st|sw|th|tr|tw|wh|wr|chr|phr|sch|scr|shr|sph|spl|spr|str|thr|squ'
const codas =
  'bs|ch|ck|ct|dd|dg|dth|ff|ft|gg|gh|ght|gth|ld|lf|lk|ll|lm|lp|lt|lth|mb|mn|mp|mph|mpt|nc|nch|nd|ng|ngth|nk|nn|nt|nth|pp|ps|pt|rb|rc|rch|rd|rf|rg|rk|rl|rm|rn|rp|rr|rsh|rst|rt|rth|sh|sk|sm|sp|ss|st|tch|th|ts|tt|wl|wn|wk|xt|zz|lfth|xth|ls|ms|ns|rs|ws|ks|ds'
const pronounceable = new RegExp(
  `^(?:[${consonants}]?|${onsets})[aeiouy](?:.*[aeiouy])?(?:[${consonants}]?|${codas})s?$`,
)

/** Whether a run of letters is a word of a language rather than a product of unknowns. */
export function isWord(letters: string): boolean {
  const word = letters.toLowerCase()
  if (word.length <= 3) return shortWords.has(word)
  if (word.endsWith('s') && shortWords.has(word.slice(0, -1))) return true
  // wxyz and abcd are letters in their order.
  const isInOrder = [...word].every(
    (letter, at) => at === 0 || letter.charCodeAt(0) === word.charCodeAt(at - 1) + 1,
  )
  return (
    /^[A-Za-z]?[a-z]+$/.test(letters) &&
    !isInOrder &&
    pronounceable.test(word) &&
    !new RegExp(`[${consonants}]{5}`).test(word)
  )
}

const textGroup = String.raw`\\(?:text|operatorname) ?\{([^{}]*)\}`
/** The prefix of a unit that is a letter of its own: μm. */
const micro = String.raw`(?:\\mu ?)?`
const textFraction = String.raw`\\frac ?\{ ?${textGroup}(?:\^\{?\d\}?)? ?\} ?\{ ?${textGroup}(?:\^\{?\d\}?)? ?\}`
const tail = new RegExp(
  String.raw`^(.*?(?:[\d})\]!]|\\pi|[a-z]\^[\d{}]+)) ?(?:` +
    [
      // \text{ cm}^2, \frac{\text{m}}{\text{s}}
      String.raw`(?<inText>(?:${micro}${textGroup}|${textFraction})(?:${textGroup}|\^ ?\{?-?\d\}?|[/·]|\\cdot| )*)`,
      String.raw`(?<glued>(?:${gluedSymbols})(?:[\^/²³].*)?)`,
      String.raw`(?<ohm>\\Omega|Ω|Å|¢|€|£|¥|₹|\\mu ?[msgLFCAVW])`,
      String.raw`(?<=[\d}] )(?<letter>(?:${letterSymbols})(?:(?:\^|[²³/]).*)?)`,
      String.raw`(?<= )(?<apart>[A-Za-z][A-Za-z .²³^\d/'-]*)`,
    ].join('|') +
    ')$',
  's',
)

/** A number or expression and the unit behind it. */
export interface Measured {
  number: string
  /** One name for all spellings; null where the words say nothing, as "units". */
  unit: string | null
}

/**
 * Parts a text into what stands before a unit and the unit: words in `\text{}`, words of a language after a space, known symbols.
 * Null without one. Letters that are no word are factors: 2 mgh, 7 abc.
 */
export function splitUnit(text: string): Measured | null {
  const match = tail.exec(text)
  if (match === null) return null
  const { inText, glued, ohm, letter, apart } = match.groups!
  const number = match[1]!
  const isTouching = text[number.length] !== ' '
  if ((letter !== undefined || (glued !== undefined && isTouching)) && !isPlainNumber(number)) return null
  const written = plainUnit(inText ?? glued ?? ohm ?? letter ?? apart!)
  if (written === '' || meaningfulWords.test(written)) return null
  if (inText !== undefined && !/[\p{L}°$€£¢¥₹]/u.test(written)) return null
  const isKnown = (word: string) => byWord.has(singular(word)) || bySymbol.has(word)
  if (apart !== undefined) {
    const words = written.match(/[A-Za-z]+/g) ?? []
    const isUnitAlone = words.length > 0 && words.every(isKnown)
    const reads = (word: string) => isWord(word) || ['of', 'per', 'a', 'an', 'the', 'in'].includes(word)
    if (
      !/\d/.test(written.replace(/\^-?\d/g, '')) &&
      words.every(reads) &&
      words.some(word => word.length > 1)
    ) {
      // `hr` behind π may be a product, behind a number it is an hour.
      if (words.every(word => word.length <= 2 && !isGlued.test(word)) && !isPlainNumber(number)) return null
    } else if (!(isUnitAlone && /[/^²³]/.test(written) && isPlainNumber(number))) return null
  }
  return { number: number.trim(), unit: unitName(written) }
}

function isPlainNumber(text: string): boolean {
  return /^[-+\d.,\s]+$|^-?\d* ?\\frac\{[\d.]+\}\{[\d.]+\}$|^[-\d.]+ ?(?:\\times|\\cdot) ?10\^\{?-?\d+\}?$/.test(
    text.trim(),
  )
}

/** `\text{ cm}^2` as `cm^2`, `\frac{\text{m}}{\text{s}}` as `m/s`. */
function plainUnit(text: string): string {
  return text
    .replace(/\\frac ?\{(.*?\}(?:\^\{?\d\}?)?) ?\} ?\{(.*\}(?:\^\{?\d\}?)?) ?\}/g, '$1/$2')
    .replace(/\\(?:text|operatorname) ?\{([^{}]*)\}/g, '$1')
    .replace(/\\mu ?/g, 'µ')
    .replace(/\\cdot|·/g, ' ')
    .replace(/\^ ?\{?(-?\d)\}?/g, '^$1')
    .replace(/²/g, '^2')
    .replace(/³/g, '^3')
    .replace(/[~\s]+/g, ' ')
    .trim()
}

/** One name for a unit however it is spelled: `square meters`, `m^2`, `sq m` are `meter^2`; `miles per hour` is `mile/hour`. */
function unitName(written: string): string | null {
  const words = written
    .replace(/\bper\b/gi, '/')
    .replace(/\bmph\b/gi, 'miles / hours')
    .replace(/\b(?:square|sq\.?) (?=[a-z])([a-z]+)/gi, '$1^2')
    .replace(/\b(?:cubic|cu\.?) (?=[a-z])([a-z]+)/gi, '$1^3')
    .split(/([ /]|\^-?\d)/)
    .map(part => part.trim())
    .filter(part => part !== '' && !/^(?:of|the|a|an|in|total|each|altogether)$/.test(part))
  const named = words.map(part => {
    const bare = part.replace(/[.,']+$/, '')
    return bySymbol.get(bare) ?? byWord.get(singular(bare)) ?? singular(bare)
  })
  const name = named.filter(
    (part, place) => part !== 'unit' && !(part.startsWith('^') && named[place - 1] === 'unit'),
  )
  return name.length === 0 ? null : name.join(' ').replace(/ (?=[/^])|(?<=\/) /g, '')
}

function singular(word: string): string {
  const lower = word.toLowerCase()
  if (byWord.has(lower)) return lower
  if (/(?:[sxz]|ch|sh)es$/.test(lower)) return lower.slice(0, -2)
  if (/ies$/.test(lower)) return `${lower.slice(0, -3)}y`
  return lower.replace(/(?<=[a-z]{2})(?<!s)s$/, '')
}

/** The name of a currency sign or code; null of what is none. */
export function currencyName(sign: string): string | null {
  return bySymbol.get(sign) ?? (/^[A-Z]{3}$/.test(sign) ? sign : null)
}

const smallNumbers = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen ' +
  'nineteen'
).split(' ')
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
/** Words that multiply the number before them. */
const scales: Record<string, bigint> = {
  dozen: 12n,
  hundred: 100n,
  thousand: 1_000n,
  lakh: 100_000n,
  million: 1_000_000n,
  crore: 10_000_000n,
  billion: 1_000_000_000n,
  trillion: 1_000_000_000_000n,
}
const scalePattern = new RegExp(
  String.raw`^(.*[\d}]) ?(?:\\text ?\{ ?)?(${Object.keys(scales).join('|')})s?(?![a-z]) ?(.*?)(\})?$`,
  'i',
)

/** Parts `6 million dollars` into 6, a million and `dollars`; null where no such word follows the number. */
export function splitScale(text: string): { number: string; scale: bigint; rest: string } | null {
  const [whole, number = '', word = '', rest = '', brace] = scalePattern.exec(text) ?? []
  if (whole === undefined || /^(?:th|of)/i.test(rest)) return null
  return {
    number,
    scale: scales[word.toLowerCase()]!,
    rest: brace === undefined ? rest : rest.trim() === '' ? '' : `\\text{${rest}}`,
  }
}

const parts = 'half third quarter fifth sixth seventh eighth ninth tenth'.split(' ')

/** A number written in words, as `twenty-five`, `two hundred and six` or `three quarters`; null of any other text. */
export function rationalInWords(text: string): Rational | null {
  if (/^half$/i.test(text)) return { numerator: 1n, denominator: 2n }
  const [, count = text, word = ''] = /^(.*)[ -](hal(?:f|ves)|fourths?|[a-z]+?s?)$/i.exec(text) ?? []
  const part = word.toLowerCase().replace('halves', 'half').replace('fourth', 'quarter').replace(/s$/, '')
  const denominator = parts.indexOf(part) + 2
  const numerator = wholeInWords(denominator > 1 ? count : text)
  return numerator === null ? null : { numerator, denominator: denominator > 1 ? BigInt(denominator) : 1n }
}

function wholeInWords(text: string): bigint | null {
  const words = text
    .toLowerCase()
    .split(/[\s-]+/)
    .filter(word => word !== 'and')
  if (words.length === 0 || words.length > 12) return null
  let total = 0n
  let group: bigint | null = null
  for (const word of words) {
    const small = smallNumbers.indexOf(word)
    const ten = tens.indexOf(word)
    const scale = scales[word]
    if (small >= 0) {
      if (group !== null && group % (small < 10 ? 10n : 100n) !== 0n) return null
      group = (group ?? 0n) + BigInt(small)
    } else if (ten >= 0) {
      if (group !== null && group % 100n !== 0n) return null
      group = (group ?? 0n) + BigInt(10 * (ten + 2))
    } else if (scale === 100n && group !== null && group < 10n) group *= 100n
    else if (scale !== undefined && scale >= 1_000n && group !== null) {
      total += group * scale
      group = null
    } else return null
  }
  return total + (group ?? 0n)
}
