import { expect, it } from 'vitest'
import { describeMissingModel } from './model-address.ts'

const commit = '0123456789abcdef0123456789abcdef01234567'

it.each([
  [
    { model: 'a/b', modelRevision: commit },
    `entrace view DIR --model a/b@${commit} from the Hub, or --model FOLDER,`,
  ],
  [{ model: 'a/b', modelRevision: null }, 'entrace view DIR --model a/b from the Hub, or --model FOLDER,'],
  [{ model: 'a/b', modelRevision: '$(reboot)' }, 'entrace view DIR --model a/b from the Hub,'],
  [{ model: 'b', modelRevision: null }, 'entrace view DIR --model FOLDER, the folder of b,'],
  [null, 'entrace view DIR --model FOLDER, or add ?model=ADDRESS'],
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
