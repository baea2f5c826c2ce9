import type { RunSummary } from '../runs/schemas.ts'
import type { Client } from './client.ts'
import { oneLine } from './harmless.ts'
import { nameOf, outcomeOf, shortId, type Told } from './human.ts'

const OFFERED = 50

/**
 * Runs as the completion scripts take them: the beginning of an id, a space, and what people call it. None where the service
 * does not answer: nobody who presses a key wants to read why.
 */
export async function completedRuns(client: Client, onlyLive: boolean): Promise<string[]> {
  try {
    const query = `/runs?limit=${OFFERED}${onlyLive ? '&outcome=live' : ''}`
    const { runs } = await client.get<{ runs: (RunSummary & Told)[] }>(query, ['runs'])
    return runs.flatMap((run) => {
      const id = shortId(run.run_id)
      // Shells take apart and carry out what they complete.
      if (!/^[0-9a-f]{8}$/.test(id)) return []
      return [`${id} ${oneLine(`${nameOf(run) || run.workspace} (${outcomeOf(run)})`)}`]
    })
  } catch {
    return []
  }
}
