import type { AgentCore, AgentTask } from '../agent-core.ts'
import { optionsIn, versionIn } from '../probe-words.ts'
import { MOST_ARGUMENT_BYTES, refusalOf } from '../refusal.ts'
import { readOwnEvents } from './own-events.ts'
import { isCommandSession } from './session.ts'
import type { CommandSettings } from './settings.ts'
import { commandOf, placeholdersOf, templateFault } from './template.ts'
import { readText } from './text-reader.ts'
import { toldBy } from './told-by.ts'

/**
 * Any program as an agent, by the name and the settings that its owner gave. What it can is what its template has a place for.
 * @throws {RangeError} with what is wrong with the settings, in a sentence
 */
export function commandAgent(name: string, settings: CommandSettings): AgentCore {
  const { argv, stop = 'SIGTERM', output = 'text', version = null, help = null } = settings
  const fault = templateFault(argv)
  if (fault !== null) throw new RangeError(fault)
  const uses = placeholdersOf(argv)

  const known: Omit<AgentCore, 'refusalOf'> = {
    name,
    can: { resume: uses.has('session'), system: uses.has('system_file'), model: uses.has('model') },
    tells: toldBy(settings),
    stop: { signal: stop, graceMs: 5000 },
    // A script that looks at no arguments would begin to work.
    probe: { version, help, login: null, models: null },
    takesTools: true,
    command: (task) => commandOf(argv, task),
    read: output === 'events' ? readOwnEvents : readText(settings),
    // A program that does something else as well; its runs are found by their cookie.
    isRun: () => false,
    isSession: isCommandSession,
    sessionExists: (id) => (isCommandSession(id) ? null : false),
    sessionPlaces: () => [],
    versionOf: versionIn,
    isLoggedIn: () => null,
    modelsOf: () => [],
    optionsKnown: optionsIn,
  }
  return { ...known, refusalOf: (task) => refusalOf(known, task) ?? argumentRefusal(task) }

  function argumentRefusal(task: AgentTask): string | null {
    const words = commandOf(argv, task).argv
    if (words.some((word) => word.includes('\0'))) return `${name} takes no NUL character in an argument`
    const longest = Math.max(...words.map((word) => Buffer.byteLength(word)))
    return longest <= MOST_ARGUMENT_BYTES
      ? null
      : `an argument of ${name} would take ${longest} bytes, and ${MOST_ARGUMENT_BYTES} are the most`
  }
}
