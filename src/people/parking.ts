import type { Logger } from 'pino'
import { type Agents, agentNamed } from '../agents/agents.ts'
import { messageOf } from '../base/errors.ts'
import type { Ledger } from '../record/ledger.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Runs } from '../runs/runs.ts'
import type { Ask } from './ask.ts'
import type { AskRecords } from './ask-records.ts'
import { isGone } from './asks.ts'

/** Runs that end while people think, and go on with the answer. */
export interface Parking {
  /** @throws {Error} where a run could not go on in its session, in words for its agent */
  assertPossible(run: RunRecord): void
  /**
   * Ends the runs that are to be parked, and lets those go on whose question is settled, each once; true where something is to
   * be tried again soon. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`
   */
  tend(): boolean
}

/** What it takes. */
export interface ParkingDeps {
  readonly records: Pick<AskRecords, 'parking' | 'handOn'>
  readonly runs: Pick<Runs, 'park' | 'goOn' | 'live'>
  readonly ledger: Pick<Ledger, 'listed'>
  readonly agents: Agents
  readonly env: () => NodeJS.ProcessEnv
  readonly logger: Logger
}

/** No run is being parked yet. */
export function createParking({ records, runs, ledger, agents, env, logger }: ParkingDeps): Parking {
  const ending = new Set<string>()

  function park({ id, runId }: Ask): void {
    if (ending.has(runId)) return
    ending.add(runId)
    runs
      .park(runId, `it waits for the answer to ask ${id}, and goes on then`)
      .catch((error: unknown) => {
        logger.error({ run_id: runId, ask_id: id, error: messageOf(error) }, 'ask.park.fail')
      })
      .finally(() => ending.delete(runId))
  }

  return {
    assertPossible({ agent: name, sessionId, workspace, worktree }) {
      const agent = agentNamed(agents, name)
      if (!agent?.can.resume) throw new Error(`${name} cannot go on in a session; ask without park`)
      const where = worktree?.workspace ?? workspace
      if (sessionId !== null && agent.sessionExists(sessionId, env(), where) === false)
        throw new Error('the session of this run is not kept, so it could not go on in it; ask without park')
    },
    tend() {
      const live = new Set(runs.live().map(({ runId }) => runId))
      const done = new Set<string>()
      let isLeft = false
      for (const ask of records.parking()) {
        const { runId } = ask
        // What a run asked besides goes on with it.
        if (done.has(runId)) continue
        // Its run was stopped, maybe after the answer, and nobody is to go on.
        if (ask.state === 'withdrawn' || isGone(ask, ledger.listed([runId])[0]?.outcome))
          records.handOn(ask, runId)
        else if (live.has(runId)) {
          park(ask)
          isLeft = true
        } else if (ask.state !== 'open') {
          const next = runs.goOn(runId, {
            prompt: promptOf(ask),
            why: `Ask ${ask.id} is settled, and the run goes on.`,
          })
          if (next === null) isLeft = true
          else {
            records.handOn(ask, next)
            done.add(runId)
          }
        }
      }
      return isLeft
    },
  }
}

/** What the agent is told that goes on. */
export function promptOf({ id, question, state, answer, answeredBy }: Ask): string {
  const by = answeredBy === null ? '' : `, by ${answeredBy}`
  const nobody = `Nobody answered until the deadline. ${answer === null ? 'Decide by yourself.' : 'Your default counts:'}`
  return [
    `You asked people (${id}):`,
    question,
    state === 'answered' ? `The answer${by}:` : nobody,
    ...(answer === null ? [] : [answer]),
    'Go on with your task.',
  ].join('\n\n')
}
