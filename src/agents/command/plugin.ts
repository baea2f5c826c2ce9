import { messageOf } from '../../base/errors.ts'
import { type Static, Type } from '../../base/schema.ts'
import type { Part } from '../../settings/part.ts'
import type { Agent, AgentPlugin, AgentsReading } from '../agent.ts'
import { completeAgent } from '../complete-agent.ts'
import { commandAgent } from './command.ts'
import { CommandSettings } from './settings.ts'
import { programIn } from './template.ts'

const KEY = 'agents'

const CommandAgents = Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }), CommandSettings, {
  additionalProperties: false,
  description: 'Agents of your own, by their names.',
})

const settings: Part<readonly Agent[], AgentsReading> = {
  title: 'Agents',
  forms: {},
  keys: { [KEY]: CommandAgents },
  read(reading) {
    const given: Static<typeof CommandAgents> = reading.file.read(KEY, CommandAgents) ?? {}
    return Object.entries(given).flatMap(([name, one]) => agentOf(name, one, reading) ?? [])
  },
}

/** Any program, as its owner describes it in the config file. */
export const command: AgentPlugin = { settings }

function agentOf(name: string, given: CommandSettings, { agents, file }: AgentsReading): Agent | null {
  const refuse = (why: string) => {
    file.refuse([KEY, name], why)
    return null
  }
  if (agents.some((agent) => agent.name === name)) return refuse('there already is an agent of this name')
  try {
    const core = commandAgent(name, given)
    const { argv, model = null } = given
    if (model !== null && !core.can.model) return refuse('model is given, but argv has no {model}')
    return completeAgent(core, {
      program: { name, configured: programIn(argv), builds: [] },
      installRemedy: `Install it, or correct argv of ${KEY}.${name} in ${file.path}.`,
      model,
      args: [],
    })
  } catch (error) {
    return refuse(messageOf(error))
  }
}
