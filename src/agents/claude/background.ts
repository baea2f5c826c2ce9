import type { AgentEvent } from '../agent-events.ts'
import { bounded, MOST } from '../bounded.ts'
import { fieldsIn, textIn } from '../json-value.ts'

/** It has a handful; what is beyond is not told. */
const MOST_TASKS = 1000

/** Tells what goes on in the background, from the lists that claude 2.1 writes at each change. */
export function backgroundWork(): (tasks: readonly unknown[]) => AgentEvent[] {
  let known: ReadonlySet<string> = new Set()
  return (tasks) => {
    const ids = new Set<string>()
    for (const task of tasks.slice(0, MOST_TASKS)) {
      const id = textIn(fieldsIn(task).task_id)
      if (id !== null) ids.add(bounded(`task ${id}`, MOST.name))
    }
    const started = [...ids].filter((id) => !known.has(id)).map((id) => workOf(id, 'started'))
    const done = [...known].filter((id) => !ids.has(id)).map((id) => workOf(id, 'done'))
    known = ids
    return [...started, ...done]
  }
}

const workOf = (id: string, state: 'started' | 'done'): AgentEvent => ({ kind: 'work', id, state })
