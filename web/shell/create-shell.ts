import { type BranchSession, createBranchSession } from '../branch/branch-session.ts'
import { createOtherRun, type OpenRun, openRun } from '../data/open-run.ts'
import { droppedRun, namedSource } from '../data/run-source.ts'
import { h, messageOf } from '../dom.ts'
import { createOverview, type Overview } from '../overview/create-overview.ts'
import { createCrashGuard } from '../state/crash-guard.ts'
import { createRouter, formatRoute, type Route, sampleName, startRoute } from '../state/route.ts'
import { createSettings, followTheme } from '../state/settings.ts'
import { chooseFiles, droppedFiles } from '../widgets/files.ts'
import { createFrameLog } from '../widgets/frame-log.ts'
import { createKeyboard } from '../widgets/keyboard.ts'
import type { View, ViewContext } from '../widgets/view.ts'
import { createBar, createNotice } from './create-bar.ts'

/** Builds the page: the bar, and below it the screen that the address asks for. */
export function createShell(body: HTMLElement): void {
  const storage = storageOrNull()
  const settings = createSettings(storage)
  const chooseNextTheme = followTheme(settings)
  const router = createRouter()
  // The token moves while an answer is shown.
  const addressOf = (route: Route) =>
    location.pathname + location.search + formatRoute({ ...route, token: null })
  const guard = createCrashGuard(storage, () => addressOf(router.route))
  const keyboard = createKeyboard()
  const toggleFrameLog = createFrameLog()
  const openFiles = () => chooseFiles(showFiles)
  const otherRun = createOtherRun()
  const announcer = h('div', { class: 'visually-hidden', 'aria-live': 'polite' })
  const main = h('main', { id: 'main', tabindex: -1 })
  const bar = createBar({
    home: () => router.navigate({ ...startRoute, run: router.route.run }),
    openFiles,
    nextTheme,
    shortcuts: keyboard.showSheet,
  })
  body.append(bar.element, main, announcer)

  let run: OpenRun | null = null
  let context: ViewContext | null = null
  /** Other ways that answers of the run might have gone. */
  let branches: BranchSession | null = null
  let dropped: File[] | null = null
  let overview: Overview | null = null
  /** The replay or the comparison, or what stands for it while it is loading. */
  let replay: View | null = null
  let shownRun: string | null | undefined
  let shownScreen: string | null = null
  /** Counts what the address asked for, so that what comes late is not shown. */
  let request = 0

  keyboard.set('Everywhere', [
    { keys: ['?'], name: 'this sheet', run: keyboard.showSheet },
    { keys: ['o'], name: 'open the files of a run', run: openFiles },
    { keys: ['t'], name: 'light, dark, or as the system has it', run: nextTheme },
    { keys: ['F'], name: 'count slow frames', run: toggleFrameLog },
  ])
  router.subscribe(show)
  acceptDrops()
  void showFirst()

  /** What the address asks for, unless the page ended there the last time. */
  async function showFirst(): Promise<void> {
    const ticket = request
    const hasCrashed = await guard.hasCrashedAt(addressOf(router.route))
    // The reader went elsewhere in the meantime.
    if (ticket !== request) return
    if (!hasCrashed) return show(router.route)
    const wasTypeset = settings.read('typeset')
    settings.write('typeset', false)
    const actions = [{ name: 'Open it all the same', run: () => show(router.route) }]
    if (router.route.sample !== null) actions.push({ name: 'Show the table', run: toTable })
    showNotice(
      'The page ended here the last time',
      'It crashed or was closed while it was showing what this address names, which may be more than this browser can ' +
        `show.${wasTypeset ? ' Mathematics is not typeset any more.' : ''}`,
      [...actions, { name: 'Open files', run: openFiles }],
    )
  }

  function showNotice(...notice: Parameters<typeof createNotice>): void {
    main.replaceChildren(createNotice(...notice))
  }

  function show(route: Route): void {
    if (route.run !== shownRun) void showRun(route)
    else if (run && screenOf(route) !== shownScreen) void showSample(route)
  }

  async function showRun(route: Route): Promise<void> {
    const ticket = ++request
    const shown = guard.begin()
    shownRun = route.run
    closeRun()
    bar.show(null)
    showNotice('Opening', route.run ?? '')
    try {
      const opened = await openRun(sourceOf(route.run))
      if (ticket !== request) return opened.close()
      run = opened
      context = contextOf(opened)
      branches = createBranchSession(opened)
      overview = createOverview(context)
      run.subscribe(() => bar.show(run))
      bar.show(run)
      shownScreen = null
      showOverview()
      if (router.route.sample !== null) await showSample(router.route)
    } catch (error) {
      if (ticket !== request) return
      showNotice('This run cannot be shown', messageOf(error), [
        { name: 'Try again', run: () => void showRun(router.route) },
        { name: 'Open files', run: openFiles },
      ])
    } finally {
      shown()
    }
  }

  function sourceOf(name: string | null) {
    const own = document.querySelector<HTMLMetaElement>('meta[name="entrace-run"]')?.content ?? ''
    return namedSource(name ?? own, dropped)
  }

  function contextOf(opened: OpenRun): ViewContext {
    const own: ViewContext = {
      run: opened,
      otherRun,
      chooseAnswers(sample) {
        import('../compare/choose-answers.ts').then(
          ({ chooseAnswers }) => chooseAnswers(own, sample),
          () => own.announce('the page cannot load what compares; is its server still there?'),
        )
      },
      get route() {
        return router.route
      },
      onRoute: router.subscribe,
      navigate: router.navigate,
      settings,
      guard: guard.begin,
      announce(text) {
        announcer.textContent = text
      },
    }
    return own
  }

  async function showSample(route: Route): Promise<void> {
    if (!run || !context || !branches) return
    const ticket = ++request
    shownScreen = screenOf(route)
    closeReplay()
    if (route.sample === null) return showOverview()
    const shown = guard.begin()
    const { columns } = run
    const row = rowOf(columns, route.sample)
    const subject = route.with === '' ? 'sample' : 'problem'
    try {
      const yet = run.following ? ' yet' : ''
      if (row === null) throw new Error(`The run has no sample ${route.sample}${yet}; check the link.`)
      const makeView = await openView(context, branches, row)
      // Made for an address that is no longer there, it would take what that asks for its own.
      if (ticket !== request) return
      replay = makeView()
      main.replaceChildren(replay.element)
      keyboard.set('Samples', [])
      keyboard.set('Sample', [
        ...replay.shortcuts,
        { keys: ['Escape'], name: 'back to the table', run: toTable },
        { keys: [']'], name: `next ${subject} of the table`, run: () => step(row, 1) },
        { keys: ['['], name: `previous ${subject} of the table`, run: () => step(row, -1) },
      ])
      main.scrollTop = 0
      main.focus({ preventScroll: true })
    } catch (error) {
      if (ticket !== request) return
      keyboard.set('Samples', [])
      keyboard.set('Sample', [{ keys: ['Escape'], name: 'back to the table', run: toTable }])
      showNotice('This sample cannot be shown', messageOf(error), [
        { name: 'Try again', run: () => void showSample(router.route) },
        { name: 'Back to the table', run: toTable },
      ])
    } finally {
      shown()
    }
  }

  function showOverview(): void {
    if (!overview) return
    main.replaceChildren(overview.element)
    keyboard.set('Samples', overview.shortcuts)
    overview.shown()
  }

  function toTable(): void {
    router.navigate({ sample: null, token: null, branch: null, with: '', against: null })
  }

  /** To the next sample of the table; in a comparison to that of the next problem, compared in the same way. */
  function step(row: number, by: 1 | -1): void {
    if (!run || !overview) return
    const { problemIndex, sampleIndex } = run.columns
    let next = overview.neighbour(row, by)
    while (router.route.with !== '' && next !== null && problemIndex[next] === problemIndex[row])
      next = overview.neighbour(next, by)
    if (next === null) return
    const problem = problemIndex[next]!
    const alike = sampleName(problem, sampleIndex[row]!)
    const isThere = router.route.with !== '' && rowOf(run.columns, alike) !== null
    const sample = isThere ? alike : sampleName(problem, sampleIndex[next]!)
    router.navigate({ sample, token: null, branch: null })
  }

  function closeReplay(): void {
    keyboard.set('Sample', [])
    replay?.destroy()
    // It stays in sight until the next screen is there, and must not answer any more.
    if (replay) replay.element.inert = true
    replay = null
  }

  function closeRun(): void {
    closeReplay()
    keyboard.set('Samples', [])
    overview?.destroy()
    overview = null
    run?.close()
    otherRun.close()
    run = null
    branches?.close()
    context = branches = null
  }

  function nextTheme(): string {
    const chosen = chooseNextTheme()
    announcer.textContent = `theme: ${chosen}`
    return chosen
  }

  function showFiles(files: File[]): void {
    if (files.length === 0) return
    dropped = files
    shownRun = undefined
    const isSame = router.route.run === droppedRun
    router.navigate({ ...startRoute, run: droppedRun })
    if (isSame && shownRun === undefined) void showRun(router.route)
  }

  function acceptDrops(): void {
    const mark = (dropping: boolean) => body.classList.toggle('dropping', dropping)
    addEventListener('dragover', event => {
      event.preventDefault()
      mark(true)
    })
    addEventListener('dragleave', event => {
      if (!event.relatedTarget) mark(false)
    })
    addEventListener('drop', event => {
      event.preventDefault()
      mark(false)
      if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(showFiles)
    })
  }
}

/** Reads what the address asks for, the sample in `row` first; the code of a screen is fetched the first time. */
async function openView(context: ViewContext, branches: BranchSession, row: number): Promise<() => View> {
  if (context.route.with !== '') {
    const { openCompare } = await import('../compare/create-compare.ts')
    return openCompare(context, row)
  }
  const [{ createBranchingReplay }, sample] = await Promise.all([
    import('../branch/create-branching-replay.ts'),
    context.run.readSample(row),
  ])
  return () => createBranchingReplay(context, branches, sample)
}

/** What of a route asks for another screen. */
function screenOf({ sample, with: compared, against }: Route): string | null {
  return sample === null ? null : [sample, compared, against].join(' ')
}

function rowOf({ problemIndex, sampleIndex, count }: OpenRun['columns'], name: string): number | null {
  const [problem, sample] = name.split('.').map(Number)
  for (let row = 0; row < count; row++)
    if (problemIndex[row] === problem && sampleIndex[row] === sample) return row
  return null
}

function storageOrNull(): Storage | null {
  try {
    return localStorage
  } catch {
    return null
  }
}
