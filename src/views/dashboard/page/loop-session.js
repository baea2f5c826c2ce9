import { ApiError, isFinal, ROOT } from './api.js'
import { announce, copyOf, icon, part } from './dom.js'
import { loadOnce } from './door.js'
import { duration, withLocalTimes } from './format.js'
import { createActs } from './loop-acts.js'
import { createLoopApi } from './loop-api.js'
import { createLoopForm } from './loop-form.js'
import { createLimits } from './loop-limits.js'
import { createLoopList } from './loop-list.js'
import { createLoopRights } from './loop-rights.js'
import { createRounds } from './loop-rounds.js'
import { stateWords } from './loop-words.js'
import { complain } from './toasts.js'
import { followSteps } from './together.js'

/** @import { Api, Status } from './api.js' */
/** @import { Loop } from './loop-api.js' */
/** @typedef {{ loop: string, step: string, round_id: number | null }} Heard What happened to a loop. */

const LOOK_EVERY_MS = 10_000
const TICK_MS = 1000
/** Steps come in bursts; all is asked for once after them. */
const SETTLE_MS = 150

/** The loop that the address names. */
function chosenName() {
  const [, name] = /^loops\/([^/]+)\/?$/.exec(location.pathname.slice(ROOT.pathname.length)) ?? []
  return name ?? null
}

/**
 * Shows the loops, and the one that the address names, and keeps them up to date.
 * @param {HTMLElement} root @param {Api} api @param {Status} status @param {() => void} signOut
 * @returns {() => void} ends it
 */
export function openLoops(root, api, status, signOut) {
  const ending = new AbortController()
  const { signal } = ending
  root.replaceChildren(copyOf('loops'))
  const name = chosenName()
  part(root, 'loops', HTMLElement).classList.toggle('of-one', name !== null)
  const loops = createLoopApi(api)
  const list = createLoopList(root, name)
  const permit = createLoopRights(root, status)
  permit(true)
  const one = name === null ? null : openOne(root, api, name, permit, take)
  part(root, 'home', HTMLAnchorElement).href = ROOT.href
  part(root, 'all-link', HTMLAnchorElement).href = new URL('loops', ROOT).href
  const signOutButton = part(root, 'sign-out', HTMLButtonElement)
  signOutButton.hidden = !api.hasToken
  signOutButton.addEventListener('click', signOut)

  /** @param {Loop} loop */
  function take(loop) {
    list.draw(loop)
    one?.take(loop)
  }

  let isBusy = false
  let isWanted = false
  /** One question at a time, and another one where something happened meanwhile. */
  async function refresh() {
    isWanted = true
    if (isBusy) return
    isBusy = true
    while (isWanted && !signal.aborted) {
      isWanted = false
      try {
        const all = await loops.all()
        if (signal.aborted) break
        list.take(all)
        await one?.refresh(all.find((loop) => loop.name === name) ?? null)
      } catch (error) {
        if (!signal.aborted && isFinal(error)) complain(error)
      }
    }
    isBusy = false
  }

  /** Whatever happened meanwhile is asked for. */
  function lookAgain() {
    one?.hear(null)
    void refresh()
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settling
  followSteps(
    root,
    api,
    signal,
    ({ event, data }) => {
      if (event === 'loop') one?.hear(JSON.parse(data))
      if (event !== 'step' && event !== 'loop') return
      clearTimeout(settling)
      settling = setTimeout(refresh, SETTLE_MS)
    },
    (open) => {
      permit(open)
      if (open) lookAgain()
    },
  )
  // Memories are files, too: who comes back may have edited them.
  addEventListener('focus', lookAgain, { signal })
  const looking = setInterval(() => document.hidden || void refresh(), LOOK_EVERY_MS)
  const ticking = setInterval(() => one?.tick(), TICK_MS)
  void refresh()

  return () => {
    ending.abort()
    clearTimeout(settling)
    clearInterval(looking)
    clearInterval(ticking)
    void one?.close()
  }
}

/**
 * One loop, with all that can be done with it.
 * @param {HTMLElement} root @param {Api} api @param {string} name @param {() => void} permit says again what may be used
 * @param {(loop: Loop) => void} changed
 */
function openOne(root, api, name, permit, changed) {
  const loops = createLoopApi(api)
  const acts = createActs(root, loops, name, changed)
  const limits = createLimits(root)
  const rounds = createRounds(root, loops, name, api.now)
  const form = createLoopForm(root, loops, name, changed)
  const live = loadOnce(async () => (await import('./loop-live.js')).createLive(root, api))
  const memories = loadOnce(async () => {
    const { createMemories } = await import('./loop-memories.js')
    return createMemories(root, loops, { name, now: api.now, iterationOf: rounds.iterationOf }, permit)
  })
  /** Whether they may be other ones than those that are shown. */
  let areMemoriesOld = true
  /** @type {Loop | null} */
  let loop = null
  let told = ''
  const title = part(root, 'title', HTMLElement)
  title.textContent = name
  document.title = `${name} – Looper`

  function tick() {
    if (loop === null) return
    const { label } = stateWords(loop)
    const left = loop.next_round_at === null ? 0 : Date.parse(loop.next_round_at) - api.now()
    const until = left > 0 ? `, in ${duration(left)}` : ''
    const words = part(root, 'words', HTMLElement)
    const text = `${label.charAt(0).toUpperCase()}${label.slice(1)}${until}`
    if (words.textContent !== text) words.textContent = text
    limits.draw(loop, api.now())
    rounds.tick()
  }

  /** @param {boolean} isMade whether the service knows it */
  function unfold(isMade) {
    part(root, 'one', HTMLElement).hidden = false
    for (const each of ['state', 'reach', 'limits-box', 'rounds-box', 'memories'])
      part(root, each, HTMLElement).hidden = !isMade
  }

  /** @param {Loop} news */
  function take(news) {
    if (news.name !== name) return
    loop = news
    const { icon: shape, tone, label } = stateWords(loop)
    unfold(true)
    part(root, 'state', HTMLElement).className = `verdict tone-${tone}`
    part(root, 'icon', HTMLElement).replaceChildren(icon(shape))
    const why = part(root, 'why', HTMLElement)
    why.hidden = loop.why === null
    why.classList.toggle('bad', tone === 'bad')
    why.textContent = withLocalTimes(loop.why ?? '', api.now())
    acts.draw(loop)
    form.take(loop)
    tick()
    if (told !== '' && told !== label) announce(`${name}: ${label}`)
    told = label
  }

  /** @param {Loop | null} news null: nobody has made it yet */
  async function refresh(news) {
    if (news === null) return unfold(false)
    take(news)
    await rounds.refresh()
    await loadMemories()
    const runId = news.run_id ?? rounds.liveRun()
    if (runId === null) return
    try {
      await (await live.get()).show(runId)
    } catch (error) {
      // A run may be removed while its round is shown still.
      if (!(error instanceof ApiError && error.status === 404)) throw error
    }
  }

  async function loadMemories() {
    if (!areMemoriesOld) return
    areMemoriesOld = false
    try {
      await (await memories.get()).load()
    } catch (error) {
      areMemoriesOld = true
      throw error
    }
  }

  return {
    take,
    tick,
    /** Something happened. @param {Heard | null} heard null: nobody knows what */
    hear(heard) {
      areMemoriesOld ||= heard === null || (heard.loop === name && touchesMemories(heard))
    },
    refresh,
    async close() {
      if (live.isWanted()) (await live.get()).close()
    },
  }
}

/** They are written between the steps of rounds, read for a prompt, and one is emptied after a round that went well. @param {Heard} heard */
const touchesMemories = ({ step, round_id }) =>
  step === 'prompt' || step === 'response' || (step === 'changed' && round_id === null)
