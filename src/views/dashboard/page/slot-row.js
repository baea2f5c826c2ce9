import { element, icon } from './dom.js'
import { duration, moment, nameOf, runningMs, verdict } from './format.js'
import { createQueue } from './queue.js'
import { fieldsetIn } from './rights.js'

/** @import { Api, RunSummary, SlotState } from './api.js' */
/** @import { SlotUses } from './slots-door.js' */

/**
 * One slot: its name, which chooses it, what runs in it, and what waits for it. It is changed in place, so that it keeps the focus.
 * @param {HTMLElement} root @param {Api} api @param {SlotUses} uses @param {string} slot
 */
export function createSlotRow(root, api, uses, slot) {
  const shape = element('span', { class: 'shape' })
  const choose = element('button', { type: 'button', title: 'List only the runs of this slot' }, slot)
  const long = element('span', { class: 'long' })
  const link = element('a', { class: 'name' })
  const stop = element('button', { type: 'button', class: 'danger' }, 'Stop')
  const about = element('small', {})
  const runs = element('div', { class: 'runs-in' }, link, fieldsetIn(root, stop))
  const queue = createQueue(root, api, uses, slot)
  const box = element('li', { class: 'slot' }, shape, choose, long, runs, about, queue.box)
  let isChosen = false
  let shown = ''
  /** @type {RunSummary | null} */
  let run = null

  choose.addEventListener('click', () => uses.showSlot(isChosen ? '' : slot))
  stop.addEventListener('click', () => run && uses.stop(run, stop))

  function tick() {
    const ms = run && runningMs(run, api.now())
    const text = ms === null ? '' : duration(ms)
    if (long.textContent !== text) long.textContent = text
  }

  /** @param {SlotState} state */
  function words({ launch }) {
    const now = api.now()
    return [
      run?.agent,
      run?.started_at && `since ${moment(run.started_at, now)}`,
      launch &&
        `${run ? 'the next one ' : ''}starting since ${moment(launch.since, now)}, step “${launch.step}”`,
      run === null && launch === null && 'nothing runs',
    ]
      .filter(Boolean)
      .join(' · ')
  }

  return {
    box,
    tick,
    /** @param {SlotState} state @param {boolean} isNowChosen */
    draw(state, isNowChosen) {
      isChosen = isNowChosen
      choose.ariaPressed = String(isChosen)
      run = state.run
      const { icon: name, tone } = run
        ? verdict(run)
        : { icon: state.launch ? 'wait' : 'idle', tone: 'quiet' }
      if (shown !== name + tone) {
        shown = name + tone
        shape.className = `shape tone-${tone}`
        shape.replaceChildren(...(name === 'idle' ? [] : [icon(name)]))
      }
      runs.hidden = run === null
      if (run) {
        link.href = `#/runs/${run.run_id}`
        link.textContent = nameOf(run)
        stop.ariaLabel = `Stop “${nameOf(run)}”`
      }
      about.textContent = words(state)
      queue.draw(state)
      tick()
    },
  }
}
