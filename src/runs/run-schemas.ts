import { ERROR_KINDS } from '../agents/agent-events.ts'
import { orNull, type Static, Type } from '../base/schema.ts'
import { BUDGET_SUMMARY } from './budget/schemas.ts'
import { CHANGES_SUMMARY } from './changes/schemas.ts'
import { OUTCOMES } from './outcome.ts'
import { TRIGGERS } from './run.ts'
import { NAME_LENGTH } from './run-name.ts'
import { CHECK_SUMMARY } from './verify/schemas.ts'
import { WORKTREE_SUMMARY } from './worktrees/schemas.ts'

const Pids = Type.Array(Type.Integer())
const TextOrNull = orNull(Type.String())
const NumberOrNull = orNull(Type.Number())
const Time = Type.Union([Type.String({ format: 'date-time' }), Type.Null()])

const summary = {
  run_id: Type.String(),
  request_id: Type.String(),
  trigger: Type.Enum([...TRIGGERS]),
  caller: TextOrNull,
  name: Type.String({
    minLength: 1,
    maxLength: NAME_LENGTH,
    description: 'The first line of the notice, else of the prompt, else the id of the request.',
  }),
  agent: Type.String(),
  model: Type.Union([Type.String(), Type.Null()], { description: "Null: the agent's own choice." }),
  slot: Type.String({ description: 'Where at most one run lives at a time.' }),
  workspace: Type.String(),
  share_workspace: Type.Boolean({ description: 'Whether it may work there beside others that may, too.' }),
  pid: NumberOrNull,
  log_path: TextOrNull,
  waiting: Type.Boolean({ description: 'Whether it waits for its slot, and was not launched yet.' }),
  outcome: Type.Union([Type.Enum([...OUTCOMES]), Type.Null()]),
  return_code: NumberOrNull,
  failed: Type.Boolean({
    description: 'Whether the run failed: any end other than return code 0, replaced or stopped.',
  }),
  cause: Type.Union([Type.String(), Type.Null()], {
    description: 'Why it ended; of one that failed by itself, what its agent said last.',
  }),
  remedy: Type.Union([Type.String(), Type.Null()], { description: 'What to do about it.' }),
  requested_at: Time,
  announced_at: Time,
  stopped_at: Time,
  started_at: Time,
  ended_at: Time,
  notice: TextOrNull,
  notice_id: NumberOrNull,
  stopped_pids: Pids,
  output_bytes: NumberOrNull,
  tokens_used: NumberOrNull,
  session_id: Type.Union([Type.String(), Type.Null()], {
    description: "The agent's own name of its session; a run may be resumed by its run_id.",
  }),
  usage: Type.Union(
    [
      Type.Object({ input: NumberOrNull, cached: NumberOrNull, output: NumberOrNull, total: NumberOrNull }),
      Type.Null(),
    ],
    { description: 'Tokens of this run, as far as its agent tells.' },
  ),
  cost_usd: Type.Union([Type.Number(), Type.Null()], { description: 'Null where it is not known.' }),
  turns: NumberOrNull,
  error_kind: Type.Union([Type.Enum([...ERROR_KINDS]), Type.Null()], {
    description: 'What kind of error the agent told last.',
  }),
  timeout_seconds: Type.Number(),
  stall_seconds: Type.Number(),
  silent_since: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description:
      'Since when it gives no sign of life, as it was told; null: it was not, or it does again. Of a run that ended while it gave none, it stays.',
  }),
  ...BUDGET_SUMMARY,
  ...CHECK_SUMMARY,
  ...CHANGES_SUMMARY,
  ...WORKTREE_SUMMARY,
}

/** A run in a list; `outcome` is null while it lives. */
export const RunSummary = Type.Object(summary)
/** A run in a list. */
export type RunSummary = Static<typeof RunSummary>

/** A run with all that is known of it. */
export const RunDetails = Type.Object(
  {
    ...summary,
    message: Type.Union([Type.String(), Type.Null()], {
      description: 'The notice as it was asked for; null where none was to be sent.',
    }),
    prompt: Type.String(),
    binary: Type.String(),
    command: TextOrNull,
    reply: Type.Union([Type.String(), Type.Null()], { description: 'The last that the agent said.' }),
    boot_id: TextOrNull,
    agent_start_ticks: TextOrNull,
    wrapper_pid: NumberOrNull,
    wrapper_start_ticks: TextOrNull,
  },
  { description: 'The run.' },
)
/** A run with all that is known of it. */
export type RunDetails = Static<typeof RunDetails>

/** The answer of `POST /runs/:run_id/stop`. */
export const StopAnswer = Type.Object(
  {
    ok: Type.Literal(true),
    run: RunDetails,
    /** Every process that was signalled. */
    stopped_pids: Pids,
    /** What is still alive. */
    remaining_pids: Pids,
  },
  { description: 'How it ended, and what was stopped.' },
)

/** The answer of `POST /runs/:run_id/stop`. */
export type StopAnswer = Static<typeof StopAnswer>

/** The answer of `GET /runs`, newest first; `next_cursor` is null on the last page. */
export const RunList = Type.Object(
  { runs: Type.Array(RunSummary), next_cursor: TextOrNull },
  { description: 'A page of the runs.' },
)
/** The answer of `GET /runs`. */
export type RunList = Static<typeof RunList>
