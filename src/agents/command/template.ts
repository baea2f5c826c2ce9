import path from 'node:path'
import type { AgentCommand, AgentTask, ToolsAccess } from '../agent-core.ts'
import type { CommandSettings } from './settings.ts'

const PLACEHOLDER = /\{([a-z_]+)\}/g
const NAMES = ['prompt', 'workspace', 'model', 'session', 'system_file'] as const

/** What can stand in an argument. */
export type Placeholder = (typeof NAMES)[number]

type Template = CommandSettings['argv']

const isPlaceholder = (name: string): name is Placeholder => NAMES.some((known) => known === name)

/** The placeholders that a template uses. */
export function placeholdersOf(template: Template): ReadonlySet<Placeholder> {
  return new Set(namesIn(template.flat()).filter(isPlaceholder))
}

/** The program of a template without faults: a path, or a name on `PATH`. */
export const programIn = ([program]: Template): string => String(program)

/** What is wrong with a template, in a sentence; null where nothing is. */
export function templateFault(template: Template): string | null {
  const [program] = template
  if (typeof program !== 'string' || program === '' || namesIn([program]).length > 0) {
    return 'the first of argv is not the name of a program'
  }
  if (template.flat().some((word) => word.includes('\0'))) return 'argv has a NUL character'
  const unknown = namesIn(template.flat()).find((name) => !isPlaceholder(name))
  if (unknown !== undefined) return `argv has an unknown {${unknown}}; known are ${NAMES.join(', ')}`
  const bare = template.find(
    (word) => typeof word === 'string' && /\{(model|session|system_file)\}/.test(word),
  )
  return bare === undefined
    ? null
    : `'${bare}' must stand in a list, which is left out where it is not asked for`
}

const namesIn = (words: readonly string[]) =>
  words.flatMap((word) => [...word.matchAll(PLACEHOLDER)].map(([, name = '']) => name))

/** The command of a task by a template without faults. */
export function commandOf(template: Template, task: AgentTask): AgentCommand {
  const { binary, workspace, prompt, model, session, system, dir, args, tools } = task
  const file = path.join(dir, 'system.md')
  const values: Readonly<Record<Placeholder, string | null>> = {
    prompt,
    workspace,
    model,
    session,
    system_file: system === null ? null : file,
  }
  const argv = template.slice(1).flatMap((word) => filled(typeof word === 'string' ? [word] : word, values))
  // What comes behind "--" is no option.
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  return {
    argv: [binary, ...argv.toSpliced(end, 0, ...args)],
    stdin: placeholdersOf(template).has('prompt') ? null : prompt,
    env: tools ? shellTools(tools) : {},
    files: system === null ? {} : { [file]: system },
  }
}

/** What `looper ask` and its like find the run's tools by; whatever the program runs can see it. */
const shellTools = ({ url, token }: ToolsAccess) => ({
  LOOPER_URL: url.replace(/\/mcp$/, ''),
  LOOPER_RUN_TOKEN: token,
})

type Values = Readonly<Record<string, string | null>>

/** Values are put in once: what looks like a placeholder in a prompt stays. */
function filled(words: readonly string[], values: Values): string[] {
  if (namesIn(words).some((name) => values[name] === null)) return []
  return words.map((word) => word.replaceAll(PLACEHOLDER, (_, name: string) => String(values[name])))
}
