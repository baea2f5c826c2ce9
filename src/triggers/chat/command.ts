import { IF_RUNNING, type IfRunning } from '../../runs/run.ts'
import { SLOT_NAME } from '../../runs/slots.ts'

/** What a run is asked to be; what is null is as ever. */
export interface Wanted {
  readonly slot: string | null
  readonly agent: string | null
  readonly model: string | null
  readonly workspace: string | null
  readonly if_running: IfRunning | null
}

/** What somebody wants of Looper. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'status' }
  /** A slot, or the id of a run or its beginning; null: the default slot. */
  | { readonly kind: 'stop'; readonly what: string | null }
  /** With an empty prompt: the default one. */
  | { readonly kind: 'run'; readonly wanted: Wanted; readonly prompt: string }
  /** It cannot be done; a sentence says why. */
  | { readonly kind: 'wrong'; readonly why: string }

/** What can be said. */
export const HELP = [
  '`status`: what runs',
  '`stop`: end what runs; `stop SLOT` and `stop RUN_ID`, that one',
  '`run PROMPT`: start a run; without a prompt, with the default one. Before the prompt may stand `slot=`, `agent=`, `model=`, `workspace=` and ' +
    `\`if_running=\` (${IF_RUNNING.join(', ')}), such as \`run slot=docs Fix the links\``,
].join('\n')

const NOTHING: Wanted = { slot: null, agent: null, model: null, workspace: null, if_running: null }
/** One of what may stand before a prompt: a word, or something in quotes. */
const OPTION = /^(slot|agent|model|workspace|if_running)=(?:"([^"\n]*)"|(\S+))(?:\s+|$)/

/** What a text asks for. */
export function commandIn(text: string): Command {
  const [word = ''] = text.split(/\s/, 1)
  const rest = text.slice(word.length).trim()
  switch (word.toLowerCase()) {
    case 'status':
      return { kind: 'status' }
    case 'stop':
      return { kind: 'stop', what: rest || null }
    case 'run':
      return runIn(rest)
    default:
      return { kind: 'help' }
  }
}

function runIn(text: string): Command {
  let rest = text
  let wanted = NOTHING
  for (let option = OPTION.exec(rest); option; option = OPTION.exec(rest)) {
    const [whole, name = '', quoted, bare = ''] = option
    wanted = { ...wanted, [name]: quoted ?? bare }
    rest = rest.slice(whole.length)
  }
  const { slot, if_running: given } = wanted
  if (slot !== null && !new RegExp(SLOT_NAME).test(slot))
    return { kind: 'wrong', why: `${slot} is no name of a slot` }
  if (given !== null && !IF_RUNNING.includes(given))
    return { kind: 'wrong', why: `if_running must be one of: ${IF_RUNNING.join(', ')}` }
  return { kind: 'run', wanted, prompt: rest.trim() }
}
