import fc from 'fast-check'

const asked = process.env.ENTRACE_TEST_SEED ?? '1'

/**
 * What random inputs of tests are drawn from. A change is judged by what it changes: they are the same every time.
 * ENTRACE_TEST_SEED=random draws new ones, to look for what nobody thought of; a number draws those of a failure.
 */
export const propertySeed = asked === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(asked)

if (asked !== 'random') fc.configureGlobal({ seed: propertySeed })
else console.log(`ENTRACE_TEST_SEED=${propertySeed} draws the inputs that are not of fast-check`)
