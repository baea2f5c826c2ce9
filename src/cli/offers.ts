import type { RunSummary } from '../runs/run-schemas.ts'
import type { LoopList } from '../triggers/loop/schemas.ts'
import type { AgentsAnswer } from '../views/agents/schemas.ts'
import type { Client } from './client.ts'
import { oneLine } from './harmless.ts'
import { nameOf, outcomeOf, shortId, type Told } from './human.ts'

/** What completion scripts ask the service for, as they name it to `looper completion`. */
export const OFFERS = ['runs', 'live', 'agents', 'loops'] as const
/** What completion scripts ask the service for. */
export type Offer = (typeof OFFERS)[number]

const OFFERED = 50

/**
 * What completion scripts offer, a line each: a word, a space, and what people call it. Nothing where the service does not
 * answer: nobody who presses a key wants to read why.
 */
export async function offersOf(client: Client, what: Offer): Promise<string[]> {
  try {
    switch (what) {
      case 'agents':
        return await agents(client)
      case 'loops':
        return await loops(client)
      default:
        return await runs(client, what === 'live')
    }
  } catch {
    return []
  }
}

async function runs(client: Client, onlyLive: boolean): Promise<string[]> {
  const query = `/runs?limit=${OFFERED}${onlyLive ? '&outcome=live' : ''}`
  const answer = await client.get<{ runs: (RunSummary & Told)[] }>(query, ['runs'])
  return answer.runs.flatMap((run) => {
    const id = shortId(run.run_id)
    // Shells take apart and carry out what they complete.
    if (!/^[0-9a-f]{8}$/.test(id)) return []
    return [`${id} ${oneLine(`${nameOf(run) || run.workspace} (${outcomeOf(run)})`)}`]
  })
}

async function agents(client: Client): Promise<string[]> {
  const answer = await client.get<AgentsAnswer>('/agents', ['agents'])
  return answer.agents.flatMap((agent) => {
    const { name, version, problem } = agent
    if (!/^[a-z][a-z0-9-]*$/.test(name)) return []
    return [
      `${name} ${oneLine(problem ?? `${version ?? 'unknown version'}${agent.default ? ', default' : ''}`)}`,
    ]
  })
}

async function loops(client: Client): Promise<string[]> {
  const answer = await client.get<LoopList>('/loops', ['loops'])
  return answer.loops.flatMap(({ name, state }) =>
    /^[a-z0-9][a-z0-9-]*$/.test(name) ? [`${name} ${oneLine(state)}`] : [],
  )
}
