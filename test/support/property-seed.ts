import fc from 'fast-check'

// A change is judged by what it changes: properties draw the same inputs every time. ENTRACE_TEST_SEED=random draws new
// ones, to look for what nobody thought of; a number draws those of a failure that was printed.
const seed = process.env.ENTRACE_TEST_SEED ?? '1'
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) })
