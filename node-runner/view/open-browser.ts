import { spawn } from 'node:child_process'

/** Shows an address in the browser of whoever sits here; nothing happens where there is no screen or no browser. */
export function openBrowser(url: string): void {
  const command = browserCommand(process.platform, process.env)
  if (!command) return
  const child = spawn(command[0], [...command.slice(1), url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

function browserCommand(platform: string, env: NodeJS.ProcessEnv): [string, ...string[]] | null {
  if (env['CI'] || env['SSH_CONNECTION']) return null
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['cmd', '/c', 'start', '']
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : null
}
