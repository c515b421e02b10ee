import { basename } from 'node:path'
import { run } from './run.mjs'
import { SetupError } from './say.mjs'

/**
 * Runs npm, the one that started this process if there is one, on the given Node; what it prints goes to standard
 * error. Throws SetupError, with `purpose` in its message, unless it ends with 0.
 */
export async function runNpm(node, args, purpose) {
  const script = process.env.npm_execpath
  const known = script !== undefined && basename(script) === 'npm-cli.js'
  const windows = process.platform === 'win32'
  // `npm run --silent` makes a nested npm silent too, errors included.
  const allArgs = [...args, '--loglevel=error', '--no-audit', '--no-fund']
  const options = { stdio: ['ignore', 2, 2] }
  const running = known
    ? run(node, [script, ...allArgs], options)
    : run(windows ? 'npm.cmd' : 'npm', allArgs, { ...options, shell: windows })
  const code = await running.catch(error => {
    throw new SetupError(
      `${purpose}: npm cannot be run (${error.message}); install npm 10 or newer (it comes with Node from ` +
        'https://nodejs.org, on Debian: apt-get install npm) and run this command again',
    )
  })
  if (code > 128) throw new SetupError(`${purpose}: interrupted; run this command again`, 130)
  if (code !== 0)
    throw new SetupError(
      `${purpose}: npm ended with exit code ${code}, its lines above say why. The npm registry must be reachable: check ` +
        'the network with "npm ping"; behind a proxy set HTTPS_PROXY, with a mirror set npm_config_registry. ' +
        'Then run this command again',
    )
}
