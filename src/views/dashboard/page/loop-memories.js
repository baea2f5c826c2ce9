import { part } from './dom.js'
import { createMemory } from './loop-memory.js'

/** @import { LoopApi, Memories } from './loop-api.js' */
/** @import { About, Kind } from './loop-memory.js' */

/** @type {readonly Kind[]} */
const KINDS = [
  { memory: 'persistent', title: 'Persistent', hint: 'each round is sent it' },
  { memory: 'working', title: 'Working', hint: 'the next round alone is sent it' },
]

/**
 * The memories of a loop: each is a field of its own, saved by itself, with its versions below it.
 * @param {HTMLElement} root @param {LoopApi} loops @param {About} about @param {() => void} permit says again what may be used
 */
export function createMemories(root, loops, about, permit) {
  const box = part(root, 'memory-boxes', HTMLElement)
  const dialog = part(root, 'restore-dialog', HTMLDialogElement)
  let asked = 0
  let restore = () => {}
  dialog.addEventListener('close', () => dialog.returnValue === 'yes' && restore())
  const fields = KINDS.map((kind) => createMemory(box, loops, about, kind, { taken, confirm, permit }))
  permit()

  /** @param {Memories} memories */
  function taken(memories) {
    // What was asked for before may be older.
    asked += 1
    for (const field of fields) field.take(memories)
  }

  /** @param {string} question @param {() => void} then */
  function confirm(question, then) {
    part(root, 'restore-title', HTMLElement).textContent = question
    restore = then
    dialog.returnValue = ''
    dialog.showModal()
  }

  return {
    async load() {
      asked += 1
      const number = asked
      const memories = await loops.memories(about.name)
      if (number === asked) taken(memories)
    },
  }
}
