import { type Static, Type } from 'typebox'
import { MAX_TIMER_MS } from '../clock.ts'

/** The longest wait a request may ask for. */
export const MAX_SECONDS = Math.floor(MAX_TIMER_MS / 1000)

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
  codex_prompt: text('The prompt; empty: announce and stop only.'),
  prompt: text('Older name of codex_prompt.'),
  workspace: text('The directory the agent works in.'),
  codex_exec_binary: text('A path, or a name on PATH.'),
  codex_exec_delay_seconds: seconds('The wait between stop and launch.'),
  codex_exec_startup_check_seconds: seconds('The wait after the launch, before the answer.'),
  zulip_script_path: text('A helper script that sends the notice, run with Node.'),
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
const TextOrNull = Type.Union([Type.String(), Type.Null()])

/** The answer of a `POST /run` that worked; its last five fields are older names of earlier ones. */
export const RunAnswer = Type.Object({
  ok: Type.Literal(true),
  zulip_output: Type.String(),
  killed_codex_exec_pids: Pids,
  remaining_codex_exec_pids: Pids,
  workspace: TextOrNull,
  codex_exec_binary: TextOrNull,
  codex_exec_binary_source: TextOrNull,
  codex_exec_started: Type.Boolean(),
  codex_exec_result: Launched,
  codex_exec_approval_policy: Type.String(),
  codex_exec_sandbox: Type.String(),
  killed_vscode_pids: Pids,
  remaining_vscode_pids: Pids,
  codex_prompt_sent: Type.Boolean(),
  codex_send_result: Launched,
})
/** The answer of a `POST /run` that worked. */
export type RunAnswer = Static<typeof RunAnswer>
