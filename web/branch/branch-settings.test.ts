import { describe, expect, it } from 'vitest'
import type { RunColumns } from '../../core/record/run-tables.ts'
import { readRunFacts } from '../../core/run/run-facts.ts'
import { branchSettings, describeMissingModel } from './branch-settings.ts'

describe('branchSettings', () => {
  const columns = {
    promptTokens: Int32Array.from([40, 53]),
    generatedTokens: Int32Array.from([28, 12]),
  } as RunColumns

  function settingsOf(decoding: Record<string, unknown>) {
    const run = { formatVersion: '1.0', model: { name: 'm' }, dataSet: { name: 'd' }, decoding }
    return branchSettings({ facts: readRunFacts('run.json', run), columns })
  }

  it('continues as run.json says', () => {
    const stated = { maxNewTokens: 96, stopIds: [502, 500], topLogprobs: 8, temperature: 0, numBeams: 1 }
    expect(settingsOf({ ...stated, repetitionPenalty: 1.1 })).toEqual({
      maxNewTokens: 96,
      stopIds: [502, 500],
      stopTexts: [],
      topLogprobs: 8,
      repetitionPenalty: 1.1,
      isRaw: false,
      longestTokens: 53 + 96 + 1,
      isOtherwise: false,
    })
  })

  it('stops at the texts that the run stopped at', () => {
    expect(settingsOf({ stopTexts: ['####', '\n\n'] }).stopTexts).toEqual(['####', '\n\n'])
  })

  it('guesses from the answers where run.json does not say, or is not there', () => {
    const guessed = {
      ...{ maxNewTokens: 28, stopIds: null, stopTexts: [], topLogprobs: 5 },
      ...{ repetitionPenalty: 1, longestTokens: 82, isRaw: false },
    }
    expect(branchSettings({ facts: null, columns })).toEqual({ ...guessed, isOtherwise: false })
    expect(settingsOf({})).toEqual({ ...guessed, isOtherwise: false })
  })

  it('knows that a run asked in no chat template', () => {
    const run = { formatVersion: '1.0', model: { name: 'm' }, dataSet: { name: 'd' }, prompt: { raw: true } }
    expect(branchSettings({ facts: readRunFacts('run.json', run), columns }).isRaw).toBe(true)
  })

  it('knows that a run took other tokens than the likeliest', () => {
    expect(settingsOf({ temperature: 0.7 }).isOtherwise).toBe(true)
    expect(settingsOf({ numBeams: 4 }).isOtherwise).toBe(true)
  })
})

describe('describeMissingModel', () => {
  const commit = '0123456789abcdef0123456789abcdef01234567'

  it.each([
    [
      { model: 'a/b', modelRevision: commit },
      `entrace view DIR --model a/b@${commit} from the Hub, or --model PATH,`,
    ],
    [{ model: 'a/b', modelRevision: null }, 'entrace view DIR --model a/b from the Hub, or --model PATH,'],
    [{ model: 'a/b', modelRevision: '$(reboot)' }, 'entrace view DIR --model a/b from the Hub,'],
    [{ model: 'b', modelRevision: null }, 'entrace view DIR --model PATH, where b lies,'],
    [null, 'entrace view DIR --model PATH, or add ?model=ADDRESS'],
  ])('says the flag that brings the model of %j', (facts, flag) => {
    expect(describeMissingModel(facts)).toContain(flag)
  })

  it.each(['/home/me/.ssh', '../x', '; reboot', 'a/b/c', '~', 'a b', `a/${'b'.repeat(100)}`])(
    'has nobody type what a run says instead of a name: %s',
    model => {
      expect(describeMissingModel({ model, modelRevision: commit })).toBe(
        describeMissingModel({ model: null, modelRevision: null }),
      )
    },
  )
})
