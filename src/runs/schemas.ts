import { ERROR_KINDS } from '../agents/agent-events.ts'
import { MAX_SECONDS } from '../base/clock.ts'
import { orNull, type Static, Type } from '../base/schema.ts'
import { OUTCOMES } from './outcome.ts'
import { IF_RUNNING, TRIGGERS } from './run.ts'
import { NAME_LENGTH } from './run-name.ts'
import { SLOT_NAME } from './slots.ts'

const text = (description: string) => Type.Optional(Type.Union([Type.String(), Type.Null()], { description }))
// Old wrappers send numbers as strings.
const seconds = (description: string) =>
  Type.Optional(
    Type.Union(
      [
        Type.Number({ minimum: 0, maximum: MAX_SECONDS }),
        Type.String({ pattern: '^\\s*\\d+(\\.\\d+)?\\s*$' }),
        Type.Null(),
      ],
      { description },
    ),
  )

/** The body of `POST /run`. Null counts as absent; unknown fields are ignored, so that old wrappers keep working. */
export const RunBody = Type.Object({
  zulip_message: Type.String({ pattern: '\\S', description: 'The notice, sent before anything is stopped.' }),
  codex_prompt: text('The prompt; empty: only announce and stop.'),
  prompt: text('Older name of codex_prompt.'),
  slot: Type.Optional(
    Type.Union([Type.String({ pattern: SLOT_NAME }), Type.Null()], {
      description: 'In each slot at most one run lives at a time; "default" where none is named.',
    }),
  ),
  workspace: text('The directory the agent works in.'),
  share_workspace: Type.Optional(
    Type.Union([Type.Boolean(), Type.Null()], {
      description: 'Allow runs in other slots in the same workspace, where they allow it, too.',
    }),
  ),
  codex_exec_binary: text('A path, or a name on PATH.'),
  codex_exec_delay_seconds: seconds('The wait between stop and launch.'),
  codex_exec_startup_check_seconds: seconds('The wait after the launch, before the answer.'),
  timeout_seconds: seconds('End the run after this many seconds; 0: never.'),
  stall_seconds: seconds('End the run after this many seconds without output and CPU time; 0: never.'),
  wait: Type.Optional(
    Type.Union([Type.Boolean(), Type.Null()], { description: 'Answer when the run has ended.' }),
  ),
  if_running: Type.Optional(
    Type.Union([Type.Enum([...IF_RUNNING]), Type.Null()], {
      description: 'What to do if an agent is already running; skip: announce, stop and launch nothing.',
    }),
  ),
  plan: Type.Optional(
    Type.Union([Type.Boolean(), Type.Null()], {
      description: 'Only return what would happen, and do nothing.',
    }),
  ),
  zulip_script_path: text('A helper script that sends the notice, run with Node.'),
  agent: text(
    'The agent; GET /agents lists them. Without it, that of the settings, or that of the run to resume.',
  ),
  model: text('The model, as the agent calls it.'),
  system_prompt: text(
    'What the agent is told beside its own instructions; it counts where a session begins.',
  ),
  resume: text('The id of a run: the new one goes on in its session.'),
  startup_delay_seconds: seconds('Older name; summed into the delay.'),
  sidebar_delay_seconds: seconds('Older name; summed into the delay.'),
  new_task_delay_seconds: seconds('Older name; summed into the delay.'),
  prompt_send_delay_seconds: seconds('Older name; summed into the delay.'),
})
/** The body of `POST /run`, validated. */
export type RunBody = Static<typeof RunBody>

/** The older names of the delay. */
export const OLDER_DELAYS = [
  'startup_delay_seconds',
  'sidebar_delay_seconds',
  'new_task_delay_seconds',
  'prompt_send_delay_seconds',
] as const

const Launched = Type.Union([
  Type.Object({
    pid: Type.Integer(),
    log_path: Type.String(),
    command: Type.String(),
    startup_return_code: Type.Union([Type.Integer(), Type.Null()]),
  }),
  Type.Null(),
])
const Pids = Type.Array(Type.Integer())
const TextOrNull = orNull(Type.String())

/** The answer of a `POST /run` that worked; its last five fields are older names of earlier ones. */
export const RunAnswer = Type.Object({
  ok: Type.Literal(true),
  zulip_output: Type.String(),
  killed_codex_exec_pids: Pids,
  remaining_codex_exec_pids: Pids,
  workspace: TextOrNull,
  codex_exec_binary: TextOrNull,
  codex_exec_binary_source: TextOrNull,
  run_id: TextOrNull,
  request_id: Type.String(),
  /** Only where the request was skipped, and why. */
  skipped: Type.Optional(Type.Literal(true)),
  reason: Type.Optional(Type.String()),
  /** Only where the request waited for the end. */
  outcome: Type.Optional(Type.Union([Type.Enum([...OUTCOMES]), Type.Null()])),
  return_code: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  cause: Type.Optional(TextOrNull),
  remedy: Type.Optional(TextOrNull),
  tokens_used: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  codex_exec_started: Type.Boolean(),
  codex_exec_result: Launched,
  codex_exec_approval_policy: TextOrNull,
  codex_exec_sandbox: TextOrNull,
  killed_vscode_pids: Pids,
  remaining_vscode_pids: Pids,
  codex_prompt_sent: Type.Boolean(),
  codex_send_result: Launched,
})
/** The answer of a `POST /run` that worked. */
export type RunAnswer = Static<typeof RunAnswer>

/** The answer of a `POST /run` that does not wait (RFC 7240, `Prefer: respond-async`). */
export const AcceptedAnswer = Type.Object(
  {
    ok: Type.Literal(true),
    run_id: TextOrNull,
    request_id: Type.String(),
  },
  { description: 'The run begins; Location is its address. Null: nothing will be launched.' },
)
/** The answer of a `POST /run` that does not wait. */
export type AcceptedAnswer = Static<typeof AcceptedAnswer>

/** The answer of a `POST /run` with `plan`. In argv, `<run_id>` stands for the id that the run would get. */
export const PlanAnswer = Type.Object({
  ok: Type.Literal(true),
  plan: Type.Object({
    would: Type.Enum(['run', 'stop_only', 'skip', 'busy', 'blocked']),
    notice: Type.Object({ message: Type.String(), route: Type.String() }),
    stop: Type.Array(
      Type.Object({
        pid: Type.Integer(),
        run_id: TextOrNull,
        name: TextOrNull,
        age_seconds: Type.Union([Type.Integer(), Type.Null()]),
        command: Type.String(),
        stoppable: Type.Boolean(),
      }),
    ),
    launch: Type.Union([
      Type.Object({
        argv: Type.Array(Type.String()),
        command: Type.String(),
        workspace: Type.String(),
        binary: Type.String(),
        binary_source: Type.String(),
        delay_seconds: Type.Number(),
        timeout_seconds: Type.Number(),
        stall_seconds: Type.Number(),
      }),
      Type.Null(),
    ]),
  }),
})
/** The answer of a `POST /run` with `plan`. */
export type PlanAnswer = Static<typeof PlanAnswer>

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
