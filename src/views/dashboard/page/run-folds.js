import { part } from './dom.js'
import { factsStart } from './run-facts.js'

/** @import { Api, RunDetails } from './api.js' */

/** What is still written is looked at again so often. */
const AGAIN_MS = 3000

/** What stands beside a fold's name; null: the run has nothing of it. @type {Readonly<Record<string, (run: RunDetails) => string | null>>} */
const STARTS = {
  facts: factsStart,
  check(run) {
    if (run.verify == null) return null
    return run.verdict == null ? run.verify : [run.verdict, run.verdict_cause].filter(Boolean).join(': ')
  },
  changes({ changes }) {
    if (!changes) return null
    const { commits, files, added, removed } = changes
    const [count, what] = commits > 0 ? [commits, 'commit'] : [files, 'file']
    if (count === 0) return 'nothing'
    const [some, more, fewer] = [count, added, removed].map((number) => number.toLocaleString('en'))
    return `${some} ${what}${count === 1 ? '' : 's'}, +${more} −${fewer}`
  },
}

/**
 * What else there is of a run, folded; it is asked for, and its script loaded, when somebody opens it.
 * @param {ParentNode} root @param {Api} api @param {(error: unknown) => void} reject
 */
export function createRunFolds(root, api, reject) {
  /** @type {RunDetails | null} */
  let run = null
  const folds = Object.entries(STARTS).map(([name, start]) => {
    const box = part(root, name, HTMLDetailsElement)
    const body = part(root, `${name}-body`, HTMLElement)
    let looked = 0
    /** Of what run, and at which end, it shows something. */
    let shown = ['', '']

    async function load() {
      const wanted = run
      if (wanted === null) return
      looked = api.now()
      const { showFold } = await import('./run-fold.js')
      await showFold(name, body, api, wanted, () => run?.run_id === wanted.run_id)
    }

    box.addEventListener('toggle', () => {
      if (box.open) load().catch(reject)
    })

    return {
      draw() {
        const words = run && start(run)
        box.hidden = words === null
        part(box, `${name}-start`, HTMLElement).textContent = words
        const now = [String(run?.run_id), String(run?.outcome)]
        if (now.join() === shown.join()) return
        if (now[0] !== shown[0]) body.replaceChildren()
        shown = now
        if (box.open && !box.hidden) load().catch(reject)
      },
      tick() {
        const isGrowing = box.open && !box.hidden && run?.outcome === null
        if (isGrowing && api.now() - looked >= AGAIN_MS) load().catch(() => undefined)
      },
    }
  })

  return {
    /** @param {RunDetails | null} shown */
    draw(shown) {
      run = shown
      for (const fold of folds) fold.draw()
    },
    tick() {
      for (const fold of folds) fold.tick()
    },
  }
}
