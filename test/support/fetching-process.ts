import { openSnapshot } from '../../node-runner/hub/snapshot.ts'
import { createProgress } from '../../node-runner/terminal/progress.ts'

/** A process that gets settings, a repository and a path, says so, and once it hears back has that file in the cache. */
const [settings, repository, path] = JSON.parse(process.argv[2]!)
process.once('message', async () => {
  const snapshot = await openSnapshot(settings, repository, createProgress(true))
  await snapshot.fetch([path])
  process.disconnect?.()
})
process.send?.('ready')
