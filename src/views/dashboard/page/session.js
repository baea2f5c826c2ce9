import { createAgents } from './agents.js'
import { isFinal } from './api.js'
import { createAutopoll } from './autopoll.js'
import { announce, copyOf, part } from './dom.js'
import { createDoor } from './door.js'
import { createFirstRun } from './first-run.js'
import { nameOf, told } from './format.js'
import { createHistory } from './history.js'
import { listenToKeys } from './keys.js'
import { createNotify } from './notify.js'
import { createPanels } from './panels.js'
import { createRights } from './rights.js'
import { createRunPanel } from './run-panel.js'
import { createSlotsDoor } from './slots-door.js'
import { showState } from './state.js'
import { createStop } from './stop.js'
import { resetTab, showInTab } from './tab.js'
import { complain } from './toasts.js'
import { followSteps } from './together.js'

/** @import { Api, RunSummary, Status } from './api.js' */

const LOOK_EVERY_MS = 10_000
const TICK_MS = 1000
/** Steps come in bursts; the state is asked for once after them. */
const SETTLE_MS = 150

/**
 * Shows everything, and keeps it up to date.
 * @param {HTMLElement} root @param {Api} api @param {Status} status @param {() => void} signOut
 * @returns {() => void} ends it
 */
export function openSession(root, api, status, signOut) {
  const ending = new AbortController()
  const { signal } = ending
  root.replaceChildren(copyOf('signed-in'))

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settling
  /** The newest run that is known of. @type {RunSummary | null} */
  let newest = status.current
  /** Whether it is known that nothing else is. */
  let isLoaded = false
  let isOpen = true
  /** Runs whose end was told. @type {Map<string, RunSummary>} */
  const ended = new Map()
  const rights = createRights(root)
  const showPanel = createPanels(root, signal)
  const notify = createNotify(root, api.now())
  const showAutopoll = createAutopoll(root, api, refresh)
  const agents = createAgents(api, () => {
    panel.draw()
    history.draw()
  })
  createFirstRun(root, api.hasToken)
  /** @type {ReturnType<typeof loadForm> | null} */
  let form = null
  const stop = createStop(root, api)
  const panel = createRunPanel(root, api, settled, agents, {
    again: (run) => withForm(({ openAgain }) => openAgain(run)),
    goOn: (run) => withForm(({ openContinue }) => openContinue(run)),
    stop,
  })
  const history = createHistory(root, api, settled, agents, (name) => slots.choose(name))
  const slots = createSlotsDoor(root, api, {
    stop,
    refresh,
    showSlot: history.showSlot,
    known: history.slots,
  })
  const holds = createDoor(
    async () => (await import('./holds.js')).openHolds(root, api, refresh),
    ({ length }) => length,
  )
  const asks = createDoor(
    async () => (await import('./asks.js')).openAsks(root, api, refresh),
    (/** @type {{ open: number }} */ { open }) => open,
  )
  const push = createDoor(
    async () => (await import('./push.js')).openPush(root, api, refresh, signal),
    () => 1,
  )
  const signOutButton = part(root, 'sign-out', HTMLButtonElement)
  signOutButton.hidden = !api.hasToken
  signOutButton.addEventListener('click', signOut)
  part(root, 'new', HTMLButtonElement).addEventListener('click', () => withForm(({ open }) => open()))
  const help = part(root, 'help-dialog', HTMLDialogElement)
  part(root, 'help', HTMLButtonElement).addEventListener('click', () => help.showModal())
  listenToKeys(root, signal)

  /** Its modules come behind those of what is seen first. */
  async function loadForm() {
    const { createRunForm } = await import('./run-form.js')
    return createRunForm(root, api, find, () => status, agents, slots.names)
  }

  /** @param {(form: Awaited<ReturnType<typeof loadForm>>) => void} use */
  function withForm(use) {
    form ??= loadForm()
    form.then(use).catch((error) => {
      form = null
      reject(error)
    })
  }

  /** The run that the address names, if it names one. */
  function chosen() {
    const [, id] = /^#\/runs\/([^#]+)(?:#.*)?$/.exec(location.hash) ?? []
    return id === undefined ? null : decoded(id)
  }

  function show() {
    const latest = newest?.run_id ?? null
    const runId = chosen() ?? latest
    part(root, 'away', HTMLElement).hidden = runId === latest
    const isPast = find(runId)?.outcome !== null
    part(root, 'away-text', HTMLElement).textContent = isPast
      ? 'This is a past run.'
      : 'There is a newer run.'
    history.mark(runId)
    if (runId !== null) panel.show(runId)
    else if (isLoaded) panel.showNone()
  }

  /** @param {string | null} runId */
  function find(runId) {
    return newest !== null && newest.run_id === runId ? newest : history.find(runId)
  }

  /**
   * A run as it is: an answer that was on its way when the run ended must not revive it.
   * @param {RunSummary} run
   */
  function settled(run) {
    return run.outcome === null ? (ended.get(run.run_id) ?? run) : run
  }

  async function refresh() {
    try {
      status = await api.status()
      if (signal.aborted) return
      if (status.current) know(status.current)
      meetAll()
      draw()
      show()
      tick()
    } catch (error) {
      if (!signal.aborted && isFinal(error)) complain(error)
    }
  }

  function draw() {
    showState(root, status, api.now())
    showAutopoll(status)
    slots.draw(status).catch(reject)
    holds.draw(status.holds).catch(reject)
    asks.draw(status.asks).catch(reject)
    push.draw(status.push).catch(reject)
    rights.take(status)
  }

  /** Takes news of a run. @param {RunSummary} news */
  function know(news) {
    const run = settled(news)
    if (run.outcome !== null) ended.set(run.run_id, run)
    meet(run)
    history.put(run)
    panel.put(run)
    notify(run)
    show()
    tick()
  }

  /** Remembers the newest run. @param {RunSummary} run */
  function meet(run) {
    if (newest === null || run.run_id === newest.run_id || beganAt(run) >= beganAt(newest)) newest = run
  }

  function meetAll() {
    for (const { run } of status.slots ?? []) if (run) meet(settled(run))
  }

  /** Looks for the newest run: the title of a tab tells of it, also where nobody looks at the rest. */
  async function glance() {
    const [latest] = (await api.runs('', '', null, 1)).runs
    if (latest && !signal.aborted) know(latest)
  }

  async function load() {
    await glance()
    if (signal.aborted) return
    await history.load()
    isLoaded = true
    slots.draw(status).catch(reject)
    withForm(({ offer }) => offer(history.workspaces()))
    show()
    // A service of an earlier version does not have them.
    agents.load().catch(() => undefined)
  }

  function tick() {
    // What cannot be seen does not go on.
    if (!isOpen) return
    panel.tick()
    history.tick()
    slots.tick()
    showInTab(newest, status, api.now())
  }

  /** @param {string} data */
  function takeStep(data) {
    const { step, run } = JSON.parse(data)
    know(run)
    if (step === 'ended') announce(`${nameOf(run)}: ${told(run)}`)
    if (step === 'launched') announce(`${nameOf(run)}: started`)
    if (step === 'ended' || step === 'launched') withForm(({ refresh }) => refresh())
    clearTimeout(settling)
    settling = setTimeout(refresh, SETTLE_MS)
  }

  followSteps(
    root,
    api,
    signal,
    ({ event, data }) => {
      if (event === 'step') takeStep(data)
    },
    (open) => {
      isOpen = open
      rights.setOpen(open)
      // Steps have no numbers: whatever happened meanwhile is asked for.
      if (!open) return
      load().catch(reject)
      void refresh()
    },
  )

  /** @param {unknown} error */
  function reject(error) {
    if (!signal.aborted) complain(error)
  }

  const ticking = setInterval(tick, TICK_MS)
  const looking = setInterval(() => {
    void (document.hidden ? glance().catch(() => undefined) : refresh())
  }, LOOK_EVERY_MS)
  addEventListener('hashchange', show, { signal })
  part(root, 'desk', HTMLElement).addEventListener('click', ({ target }) => {
    if (target instanceof Element && target.closest('a[href^="#/"]')) showPanel('log')
  })
  meetAll()
  draw()
  show()
  tick()

  return () => {
    ending.abort()
    panel.close()
    clearInterval(ticking)
    clearInterval(looking)
    clearTimeout(settling)
    resetTab()
  }
}

/** When a run began, to compare; of one that only waits, or was called off before it began, nothing is to be seen. @param {RunSummary} run */
function beganAt({ started_at, requested_at, waiting, outcome }) {
  if (started_at !== null) return started_at
  return waiting || outcome === 'stopped' || outcome === 'replaced' ? '' : String(requested_at)
}

/** @param {string} part of an address */
function decoded(part) {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
