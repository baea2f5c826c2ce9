import { timeOf } from '../../base/iso-time.ts'
import { orNull, type Static, Type } from '../../base/schema.ts'
import { VERDICTS } from '../../runs/verify/verdict.ts'
import { END_CAUSES, PAUSE_CAUSES } from './governor.ts'
import { LoopDefinition, limitsOf, slotOf } from './loop.ts'
import { GATE_WORDS } from './monitor.ts'
import { LOOP_STATES, type Loop, type Round, WISHES } from './records.ts'

const Time = Type.String({ format: 'date-time' })
const Count = Type.Integer({ minimum: 0 })

const LoopAnswer = Type.Object({
  name: Type.String(),
  slot: Type.String({ description: 'In which its rounds run.' }),
  state: Type.Enum([...LOOP_STATES]),
  wish: orNull(
    Type.Enum([...WISHES], { description: 'What is to become of it when the round that runs has ended.' }),
  ),
  cause: orNull(Type.Enum([...END_CAUSES, ...PAUSE_CAUSES], { description: 'Why it paused or ended.' })),
  why: orNull(Type.String({ description: 'The same in a sentence.' })),
  iteration: Type.Integer({ description: 'The round that runs, or was the last one, since the start.' }),
  run_id: orNull(Type.String({ description: 'The run of the round that runs.' })),
  started_at: orNull(Time),
  next_round_at: orNull(Time),
  hint: Type.String({ description: 'What the next round alone is told.' }),
  monitor_output: Type.String({ description: 'What its monitor printed last.' }),
  last_output: Type.String({ description: 'What the agent said last in the newest round that went well.' }),
  limits: Type.Object(
    {
      iterations: orNull(Count),
      seconds: orNull(Type.Number()),
      tokens: orNull(Count),
      cost_usd: orNull(Type.Number()),
      unchanged: orNull(Count),
      same_failures: orNull(Count),
    },
    { description: 'What ends or pauses it; null: unlimited.' },
  ),
  used: Type.Object(
    {
      iterations: Count,
      tokens: Count,
      cost_usd: Type.Number(),
      unchanged: Count,
      same_failures: Count,
    },
    { description: 'How near that is, since its start.' },
  ),
  definition: LoopDefinition,
})

/** The answer of `GET /loops`. */
export const LoopList = Type.Object({ loops: Type.Array(LoopAnswer) }, { description: 'By name.' })
/** The answer of `GET /loops`. */
export type LoopList = Static<typeof LoopList>

/** A loop as it is now. */
export const OneLoop = Type.Object({ loop: LoopAnswer }, { description: 'The loop as it is now.' })
/** A loop as it is now. */
export type OneLoop = Static<typeof OneLoop>

const RoundAnswer = Type.Object({
  round_id: Type.Integer({ description: 'Grows with each round.' }),
  iteration: Type.Integer(),
  run_id: orNull(Type.String({ description: 'Its run; GET /runs/<run_id> tells more.' })),
  started_at: Time,
  ended_at: orNull(Time),
  hint: Type.String(),
  monitor_output: orNull(Type.String({ description: 'What the monitor printed for it.' })),
  gate: orNull(
    Type.Enum([...GATE_WORDS], { description: 'What the gate said; nothing_to_do: there was no run.' }),
  ),
  gate_output: orNull(Type.String()),
  prompt: orNull(Type.String()),
  response: orNull(Type.String({ description: 'What the agent said last.' })),
  error: orNull(Type.String({ description: 'Why it did not go well.' })),
  verdict: orNull(Type.Enum([...VERDICTS])),
  tokens: Count,
  cost_usd: Type.Number(),
  changed: orNull(
    Type.Boolean({ description: 'Whether it changed something in its work tree; null: nobody can tell.' }),
  ),
  checkpoint: orNull(Type.String({ description: 'The commit that is the work tree after it.' })),
  checkpoint_error: orNull(
    Type.String({ description: 'Why there is none, though the loop is to have checkpoints.' }),
  ),
})

/** The answer of `GET /loops/:name/rounds`. */
export const RoundList = Type.Object(
  {
    rounds: Type.Array(RoundAnswer),
    next_before: orNull(Type.Integer({ description: '`before` for the next page; null: there is none.' })),
  },
  { description: 'Newest first.' },
)
/** The answer of `GET /loops/:name/rounds`. */
export type RoundList = Static<typeof RoundList>

/** A loop in the API's words. */
export function loopAnswer(loop: Loop): Static<typeof LoopAnswer> {
  const limits = limitsOf(loop.definition)
  const { tally } = loop
  return {
    name: loop.name,
    slot: slotOf(loop.name),
    state: loop.state,
    wish: loop.wish,
    cause: loop.cause,
    why: loop.why,
    iteration: loop.iteration,
    run_id: loop.runId,
    started_at: timeOf(loop.startedAt),
    next_round_at: loop.state === 'waiting' ? timeOf(loop.dueAt) : null,
    hint: loop.hint,
    monitor_output: loop.monitorOutput,
    last_output: loop.lastOutput,
    limits: {
      iterations: limits.iterations,
      seconds: limits.timeMs === null ? null : limits.timeMs / 1000,
      tokens: limits.tokens,
      cost_usd: limits.costUsd,
      unchanged: limits.noChange,
      same_failures: limits.sameFailure,
    },
    used: {
      iterations: tally.iterations,
      tokens: tally.tokens,
      cost_usd: tally.costUsd,
      unchanged: tally.unchanged,
      same_failures: tally.sameFailures,
    },
    definition: loop.definition,
  }
}

/** A round in the API's words. */
export const roundAnswer = (round: Round): Static<typeof RoundAnswer> => ({
  round_id: round.id,
  iteration: round.iteration,
  run_id: round.runId,
  started_at: timeOf(round.startedAt),
  ended_at: timeOf(round.endedAt),
  hint: round.hint,
  monitor_output: round.monitorOutput,
  gate: round.gate,
  gate_output: round.gateOutput,
  prompt: round.prompt,
  response: round.response,
  error: round.error,
  verdict: round.verdict,
  tokens: round.tokens,
  cost_usd: round.costUsd,
  changed: round.isChanged,
  checkpoint: round.checkpoint,
  checkpoint_error: round.checkpointError,
})
