import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Agent } from '../../agents/agent.ts'
import type { Agents } from '../../agents/agents.ts'
import type { ProgramPlaces } from '../../agents/binary.ts'
import { type Probe, probe } from '../../agents/probe.ts'
import type { Clock } from '../../base/clock.ts'
import type { ViewPlugin } from '../view.ts'
import { AgentsAnswer } from './schemas.ts'

/** What the route needs. */
export interface AgentsRouteOptions {
  readonly agents: Agents
  readonly places: ProgramPlaces
  agentEnv(): NodeJS.ProcessEnv
  readonly clock: Pick<Clock, 'monotonic'>
}

interface Probed {
  readonly agent: Agent
  readonly found: Probe
}

/** To ask them takes seconds, and some of them half a gigabyte. */
const FRESH_MS = 300_000

/** The agents that there are: found where, which version, logged in or not. */
export const agents: ViewPlugin = {
  open: (parts) => ({
    routes: async (app) => {
      await app.register(agentsRoute, { ...parts, places: parts.defaults.places })
    },
  }),
}

/** `GET /agents`. */
export const agentsRoute: FastifyPluginAsyncTypebox<AgentsRouteOptions> = async (
  app,
  { agents: { all, standard }, places, agentEnv, clock },
) => {
  let last: { readonly at: number; readonly probed: Promise<readonly Probed[]> } | null = null
  const look = () =>
    Promise.all(all.map(async (agent) => ({ agent, found: await probe(agent, places, agentEnv()) })))
  app.get(
    '/agents',
    {
      schema: {
        tags: ['service'],
        summary: 'The agents that runs may be of',
        description:
          'Their programs are asked about themselves, no model is. The first answer may take some seconds.',
        response: { 200: AgentsAnswer },
      },
      config: { scope: 'read' },
    },
    async () => {
      const now = clock.monotonic()
      if (last === null || now - last.at >= FRESH_MS) last = { at: now, probed: look() }
      const probed = await last.probed
      return {
        agents: probed.map(({ agent: { name, model, can, installRemedy }, found }) => ({
          name,
          default: name === standard.name,
          program: found.program,
          version: found.version,
          logged_in: found.isLoggedIn,
          model,
          models: [...found.models],
          can: { resume: can.resume, system_prompt: can.system, model: can.model },
          options: [...found.options],
          problem: found.problem === null ? null : `${found.problem}. ${installRemedy}`,
        })),
      }
    },
  )
}
