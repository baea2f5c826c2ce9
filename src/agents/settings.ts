import { firstOf } from '../base/first-of.ts'
import { matching, setting } from '../settings/form.ts'
import { part } from '../settings/part.ts'
import type { AgentsReading } from './agent.ts'
import type { Agents } from './agents.ts'

const forms = {
  LOOPER_AGENT: setting(
    matching(/^[\w-]{1,64}$/, 'the name of an agent'),
    '`codex`',
    'the agent of runs that name none; `looper agents` lists them',
    'claude',
  ),
}

/** The settings of all agents. */
export const agentSettings = part(
  'Agents',
  forms,
  ({ LOOPER_AGENT: wanted }, { agents: all, problems }: AgentsReading): Agents => {
    const known = firstOf(all)
    const named = all.find(({ name }) => name === wanted)
    if (wanted !== undefined && named === undefined) {
      const names = all.map(({ name }) => name).join(', ')
      problems.push(`LOOPER_AGENT: "${wanted}" given, expected one of ${names}`)
    }
    return { all, known, standard: named ?? known }
  },
)
