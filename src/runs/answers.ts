import { orNull, type Static, Type } from '../base/schema.ts'
import { BUDGET_SUMMARY } from './budget/schemas.ts'
import { CHANGES_ANSWER } from './changes/schemas.ts'
import { OUTCOMES } from './outcome.ts'
import { CHECK_ANSWER } from './verify/schemas.ts'

/** That the agent is held. */
export const HeldUntil = Type.Optional(
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description:
      'Only where the run waits because the usage limit of its agent is reached: when runs of it begin again; null: when ' +
      'another run has shown that the limit is reset.',
  }),
)
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
  ...CHECK_ANSWER,
  ...CHANGES_ANSWER,
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
    waiting_ahead: Type.Optional(
      Type.Integer({ description: 'Only where the run waits: so many wait before it in its slot.' }),
    ),
    held_until: HeldUntil,
  },
  { description: 'The run begins, or waits; Location is its address. Null: nothing will be launched.' },
)
/** The answer of a `POST /run` that does not wait. */
export type AcceptedAnswer = Static<typeof AcceptedAnswer>

/** The answer of a `POST /run` with `plan`. In argv, `<run_id>` stands for the id that the run would get. */
export const PlanAnswer = Type.Object({
  ok: Type.Literal(true),
  plan: Type.Object({
    would: Type.Enum(['run', 'wait', 'stop_only', 'skip', 'busy', 'blocked']),
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
        ...BUDGET_SUMMARY,
        verify: TextOrNull,
      }),
      Type.Null(),
    ]),
  }),
})
/** The answer of a `POST /run` with `plan`. */
export type PlanAnswer = Static<typeof PlanAnswer>
