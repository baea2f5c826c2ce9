import type { Static } from '../base/schema.ts'
import type { RunList, RunSummary } from '../runs/run-schemas.ts'
import type { Client } from './client.ts'
import { EXIT, Failure, wrongUse } from './failure.ts'
import { shortId } from './human.ts'

/** A page of runs, newest first. */
export type RunPage = Static<typeof RunList>

type Found = Pick<RunSummary, 'run_id' | 'request_id'>

const FULL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** How many runs an abbreviation is looked for in: what one answer holds. */
const SEARCHED = 500

/**
 * The id of the run that an argument means: a run id, a request id, or the only one that begins so.
 * @throws {Failure} where there is none, or more than one
 */
export async function findRun(client: Client, id: string): Promise<string> {
  if (!/^[\w-]+$/.test(id)) throw wrongUse(`"${id}" is not a run id`, '"looper runs" lists run ids.')
  if (FULL_ID.test(id)) return id
  const { runs } = await client.get<{ runs: Found[] }>(`/runs?limit=${SEARCHED}`, ['runs'])
  const exact = runs.filter(({ request_id }) => request_id === id)
  const begun = runs.filter(({ run_id, request_id }) => run_id.startsWith(id) || request_id.startsWith(id))
  const [first, ...more] = exact.length > 0 ? exact : begun
  if (first === undefined) {
    throw new Failure(
      EXIT.notFound,
      `no run among the newest ${SEARCHED} has an id that begins with "${id}"`,
      '"looper runs" lists them. For an older run use its full run id.',
    )
  }
  if (more.length === 0) return first.run_id
  const several = [first, ...more].map(({ run_id }) => shortId(run_id))
  throw wrongUse(`"${id}" matches several runs: ${several.join(', ')}`, 'Use more characters of the id.')
}

/** The run that lives, else the newest one. @throws {Failure} where there is none at all */
export async function presentRun(client: Client): Promise<string> {
  try {
    return (await client.get<RunSummary>('/runs/current', ['run_id'])).run_id
  } catch (error) {
    if (!(error instanceof Failure && error.exit === EXIT.notFound)) throw error
  }
  const [newest] = (await client.get<RunPage>('/runs?limit=1', ['runs'])).runs
  if (newest) return newest.run_id
  throw new Failure(EXIT.notFound, 'there are no runs yet', 'Start one with: looper run "message"')
}
