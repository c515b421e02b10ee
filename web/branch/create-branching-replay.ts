import type { OpenedSample } from '../data/open-run.ts'
import { h, messageOf } from '../dom.ts'
import { createReplay, type Replay } from '../replay/create-replay.ts'
import type { Route } from '../state/route.ts'
import type { Shortcut } from '../widgets/keyboard.ts'
import { verdictWord } from '../widgets/panel.ts'
import { textsOfIds, tokenChoices } from '../widgets/token-choices.ts'
import type { View, ViewContext } from '../widgets/view.ts'
import { createBranchPanel } from './branch-panel.ts'
import type { BranchSession } from './branch-session.ts'
import { branchSettings } from './branch-settings.ts'
import { createBranchStream } from './branch-stream.ts'
import {
  type Branch,
  type BranchPath,
  branchAt,
  extendBranchPath,
  formatBranchPath,
  parseBranchPath,
  sampleAt,
  treeLines,
} from './branch-tree.ts'

/**
 * The replay of an answer with a tree of other ways that it might have gone: each branch is an answer that is replayed like
 * the recorded one. The route says which is shown; one that is not computed yet is computed.
 */
export function createBranchingReplay(
  context: ViewContext,
  session: BranchSession,
  root: OpenedSample,
): View {
  const tree = session.treeOf(root)
  const texts = textsOfIds(root.tokens, root.topTexts)
  const panel = createBranchPanel(session, tree, branchSettings(context.run).isOtherwise, {
    toggle: toggleForm,
    choose(tokens) {
      for (const { id, text } of tokens) texts.set(id, text)
      const ids = tokens.map(({ id }) => id)
      choose(token, ids)
    },
    show,
    stop,
    compute: computeRoute,
  })
  const element = h('div', { class: 'branching-replay' })
  /** The token that the replay's panel shows. */
  let token = 0
  let shown: ShownAnswer = { key: null, path: [], sample: root, replay: null, stream: null }
  /** Told of the address by this view, which knows whether the same answer is still shown. */
  let tellReplay: ((route: Route) => void) | null = null
  let lastBranch = context.route.branch
  const innerContext: ViewContext = {
    ...context,
    get route() {
      return context.route
    },
    onRoute(listener) {
      tellReplay = listener
      return () => {
        if (tellReplay === listener) tellReplay = null
      }
    },
  }
  const whatIf = {
    element: panel.element,
    texts,
    show(next: number) {
      // Of an answer without tokens there is none; a text may be put in its place all the same.
      token = Math.max(0, next)
      const { tokenText, tokenId } = shown.sample.tokens
      const isThere = token < tokenId.length
      const bars = isThere ? tokenChoices(shown.sample.tokens, token).length - 1 : 0
      panel.form.setToken(token, tokenText[token] ?? (isThere ? `#${tokenId[token]}` : ''), bars)
    },
    choose: (at: number, id: number) => choose(at, [id]),
  }
  showAnswer({ path: [], branch: null })
  const shortcuts = shortcutsOf(shown.replay?.shortcuts ?? [])
  const endRoute = context.onRoute(onRoute)
  const endSession = session.subscribe(update)
  update()
  // One that was stopped when its answer was left is computed to its end.
  if (context.route.branch !== null && routeBranch()?.state !== 'ended') computeRoute()
  if (session.model) void learnTexts()

  /** The branch that the address names, where it is in the tree. */
  function routeBranch(): Branch | null {
    return tree.branches.get(context.route.branch ?? '') ?? null
  }

  function onRoute(route: Route): void {
    const isSame = route.branch === lastBranch
    lastBranch = route.branch
    if (isSame) {
      tellReplay?.(route)
      return
    }
    update()
    if (route.branch !== null && !routeBranch()) computeRoute()
  }

  /** Has what the address names computed; says so where it names nothing that can be. */
  function computeRoute(): void {
    const { branch } = context.route
    const path = branch === null ? null : parseBranchPath(branch)
    if (path) void compute(path)
    else session.fail(`The address names the branch ${branch}, which is none; check the link`)
  }

  async function compute(path: BranchPath): Promise<void> {
    const shown = context.guard()
    await session.compute(tree, path)
    shown()
    const branch = branchAt(tree, path)
    if (!branch?.sample) return
    if (branch === routeBranch()) context.announce(endText(branch, branch.sample))
    void learnTexts()
  }

  /** Goes another way from a token of the answer that is shown. */
  function choose(at: number, ids: readonly number[]): void {
    panel.close()
    const name = formatBranchPath(extendBranchPath(shown.path, { token: at, ids }))
    // The address stays, so that nobody is told of it.
    if (name === context.route.branch) computeRoute()
    else show(name)
  }

  function show(name: string | null): void {
    const from = name === null ? token : (parseBranchPath(name)?.at(-1)?.token ?? null)
    context.navigate({ branch: name, token: from })
  }

  function stop(): void {
    session.stop()
    context.announce('stopped')
  }

  function toggleForm(): void {
    if (panel.form.isOpen) {
      panel.close()
      return
    }
    if (!shown.replay) {
      context.announce('this answer is still computed')
      return
    }
    shown.replay.hold()
    panel.open()
    void learnTexts()
  }

  /** Looks up the texts of the alternatives of the answer that is shown. */
  async function learnTexts(): Promise<void> {
    const all = Array.from(shown.sample.tokens.topIds, ids => Array.from(ids)).flat()
    const unknown = [...new Set(all)].filter(id => !texts.has(id))
    if (unknown.length === 0) return
    try {
      for (const [index, text] of (await session.textsOf(unknown)).entries()) texts.set(unknown[index]!, text)
    } catch (error) {
      return session.fail(messageOf(error))
    }
    shown.replay?.refreshTexts()
    update()
  }

  /** Brings the page in line with the session and the address. */
  function update(): void {
    const branch = routeBranch()
    for (const { id, text } of branch?.tokens.slice(-1) ?? []) if (text !== null) texts.set(id, text)
    showAnswer(answerToShow())
    shown.stream?.update(branch?.tokens ?? [])
    panel.update(context.route.branch, texts)
  }

  /** The branch that the address names as far as it is there; of one that is not, what it comes from. */
  function answerToShow(): { path: BranchPath; branch: Branch | null } {
    const whole = parseBranchPath(context.route.branch ?? '') ?? []
    for (let length = whole.length; length > 0; length--) {
      const path = whole.slice(0, length)
      const branch = branchAt(tree, path)
      if (branch?.sample || branch?.state === 'running') return { path, branch }
    }
    return { path: [], branch: null }
  }

  function showAnswer({ path, branch }: { path: BranchPath; branch: Branch | null }): void {
    const key = branch ? `${branch.name} ${branch.state}` : ''
    if (shown.key === key) return
    const focused = document.activeElement
    const hadFocus = element.contains(focused)
    shown.replay?.destroy()
    if (branch && !branch.sample) {
      const kept = path.slice(0, -1)
      const sample = sampleAt(tree, kept) ?? root
      const stream = createBranchStream(sample, branch.from, panel.element)
      shown = { key, path: kept, sample, replay: null, stream }
      element.replaceChildren(stream.element)
    } else {
      shown = { key, path, sample: branch?.sample ?? root, replay: null, stream: null }
      shown.replay = createReplay(innerContext, shown.sample, whatIf, branch?.from ?? null)
      element.replaceChildren(shown.replay.element)
    }
    if (!hadFocus) return
    const next = panel.element.contains(focused) ? focused : element.querySelector('.answer-text')
    if (next instanceof HTMLElement) next.focus({ preventScroll: true })
  }

  function stepBranch(by: 1 | -1): void {
    const names = [null, ...treeLines(tree).map(({ branch }) => branch.name)]
    const next = names[names.indexOf(routeBranch()?.name ?? null) + by]
    if (next === undefined) context.announce(`no ${by === 1 ? 'further' : 'earlier'} answer`)
    else {
      show(next)
      context.announce(nameOf(routeBranch()))
    }
  }

  function chooseRank(key: string): void {
    const id = tokenChoices(shown.sample.tokens, token)[Number(key) - 1]?.id ?? null
    if (!panel.form.isOpen) context.announce('press I first, to ask what if')
    else if (id === null) context.announce(`there is no bar ${key}`)
    else choose(token, [id])
  }

  function shortcutsOf(inherited: readonly Shortcut[]): Shortcut[] {
    const undoes = inherited.findIndex(({ keys }) => keys.includes('Escape'))
    // Every replay has the same, in the same order.
    const runReplay = (index: number, key: string) => shown.replay?.shortcuts[index]?.run(key)
    const undo = (key: string) => {
      const { kind } = session.status
      if (panel.form.isOpen) panel.close()
      else if (kind === 'working' || kind === 'asking') stop()
      else runReplay(undoes, key)
    }
    return [
      ...inherited.map((shortcut, index) =>
        index === undoes
          ? { ...shortcut, name: `stop computing, ${shortcut.name}`, run: undo }
          : { ...shortcut, run: (key: string) => runReplay(index, key) },
      ),
      { keys: ['i'], name: 'what if: another token here', run: toggleForm },
      { keys: [...'123456789'], name: 'what if: the token of that bar', run: chooseRank },
      { keys: ['}'], name: 'next answer of the tree', run: () => stepBranch(1) },
      { keys: ['{'], name: 'previous answer of the tree', run: () => stepBranch(-1) },
    ]
  }

  return {
    element,
    shortcuts,
    destroy() {
      session.stop()
      endRoute()
      endSession()
      shown.replay?.destroy()
    },
  }
}

/** What stands on the page: a replay, or the text of an answer that is being computed. */
interface ShownAnswer {
  key: string | null
  /** How `sample` comes from the recorded answer. */
  path: BranchPath
  sample: OpenedSample
  replay: Replay | null
  stream: ReturnType<typeof createBranchStream> | null
}

function nameOf(branch: Branch | null): string {
  if (!branch) return 'the recorded answer'
  return branch.sample
    ? endText(branch, branch.sample)
    : `branch at token ${branch.from + 1}: ${branch.state}`
}

function endText(branch: Branch, sample: OpenedSample): string {
  return `branch at token ${branch.from + 1}: ${verdictWord(sample)}, ${sample.extractedAnswer ?? 'no answer'}`
}
