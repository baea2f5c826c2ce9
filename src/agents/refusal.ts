import type { AgentCore, AgentTask } from './agent-core.ts'

/** One argument on Linux, its terminating NUL not included (MAX_ARG_STRLEN in linux/binfmts.h). */
export const MOST_ARGUMENT_BYTES = 131_071

/** A model's name, which must not be taken for an option. */
const MODEL = /^[\w@][\w@./:+~[\]-]{0,199}$/

/** Why an agent cannot do a task for what it can or cannot, in a sentence; null where nothing is against it. */
export function refusalOf(
  { name, can, isSession }: Omit<AgentCore, 'refusalOf'>,
  task: AgentTask,
): string | null {
  const { model, system, session } = task
  if (model !== null && !can.model) return `${name} takes no model`
  if (model !== null && !MODEL.test(model)) return `'${model.slice(0, 50)}' is not the name of a model`
  if (system !== null && !can.system) return `${name} takes no system prompt`
  if (session !== null && !can.resume) return `${name} cannot go on in a session`
  if (session !== null && !isSession(session)) return `'${session.slice(0, 50)}' is no session of ${name}`
  return null
}
