// A child process of tests: the acceptance of a small model with bounds that nothing meets.
import { acceptanceBounds } from '../../node-runner/acceptance/acceptance-request.ts'
import { runAcceptance } from '../../node-runner/commands/acceptance.ts'

process.exitCode = await runAcceptance(
  {
    model: 'test/models/random-14-heads',
    loadFormat: 'auto',
    tp: 2,
    seconds: 1,
    concurrency: 2,
    maxNewTokens: 3,
    adapter: 'cpu',
    json: true,
    quiet: true,
  },
  { ...acceptanceBounds, entropyNats: -1, memoryShare: -1, memoryBytes: 0 },
)
