import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { InputError } from '../../core/input-error.ts'
import { foreignFiles } from '../run/read-run-files.ts'
import { interruptSignal } from '../terminal/end-signals.ts'
import { createProgress } from '../terminal/progress.ts'
import { findModel } from '../view/find-model.ts'
import { pageFolder } from '../view/page-folder.ts'
import { serveView } from '../view/serve-view.ts'
import { integer } from './number-parsers.ts'

interface ViewFlags {
  port: number
  model?: string
  open: boolean
  json: boolean
  quiet: boolean
}

/** What the page opens a run from. */
const openedFiles = ['run.json', 'summary.parquet', 'samples.jsonl']

/** `entrace view`: serves the viewer with a run until it is interrupted, and then ends with exit code 0. */
export function viewCommand(): Command {
  return new Command('view')
    .description('show a run in the browser, also one that still goes on; serves this machine only')
    .argument('<dir>', 'folder of the run')
    .argument('[others...]', 'folders of runs to compare it with')
    .option('--port <n>', 'port of 127.0.0.1; 0 is any that is free', integer(0, 65_535), 0)
    .option(
      '--model <model>',
      "what continues answers in the page; default: the run's own, where it lies in models or in the Hub's cache",
    )
    .option('--no-open', 'print the address, and open no browser')
    .option('--json', 'print the address as one JSON document', false)
    .option('--quiet', 'print nothing but the address and errors', false)
    .action(async (folder: string, others: string[], flags: ViewFlags) => {
      for (const given of [folder, ...others])
        if (!openedFiles.some(name => existsSync(join(given, name))))
          throw new InputError(
            `${given}: expected a run's folder with ${openedFiles.join(', ')} or some of them; check the path`,
          )
      const say = (text: string) => flags.quiet || console.error(text)
      for (const given of [folder, ...others])
        for (const name of foreignFiles(given))
          say(
            `${join(given, name)}: is not served, as it is a link or no file (cp -RL copies a folder with what its links name)`,
          )
      const model = await findModel(flags.model, folder, createProgress(flags.quiet))
      const server = await serveView(pageFolder(say), folder, flags.port, others, model)
      console.log(flags.json ? JSON.stringify({ url: server.url }) : server.url)
      say(
        model
          ? `${model.name} is at hand to continue answers in the page`
          : 'no model is at hand to continue answers in the page: none of the name that the run gives lies in models or in the ' +
              `Hub's cache; entrace view ${folder} --model FOLDER serves one`,
      )
      say('Ctrl-C ends')
      if (flags.open && !flags.json) openBrowser(server.url)
      await interrupted()
      await server.close()
    })
}

async function interrupted(): Promise<void> {
  const { signal, release } = interruptSignal('')
  if (!signal.aborted) await once(signal, 'abort')
  release()
}

/** Shows an address in the browser of whoever sits here; nothing happens where there is no screen or no browser. */
function openBrowser(url: string): void {
  const { platform, env } = process
  const others: Record<string, [string, ...string[]]> = {
    darwin: ['open'],
    win32: ['cmd', '/c', 'start', ''],
  }
  const hasScreen = env['DISPLAY'] || env['WAYLAND_DISPLAY'] || platform in others
  if (env['CI'] || env['SSH_CONNECTION'] || !hasScreen) return
  const [program, ...words] = others[platform] ?? ['xdg-open']
  const child = spawn(program, [...words, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
