import { MAX_SECONDS } from '../base/clock.ts'
import { type Static, Type } from '../base/schema.ts'
import { BUDGET_BODY } from './budget/schemas.ts'
import { ON_QUOTA } from './holds/hold.ts'
import { IF_RUNNING_MEANINGS } from './if-running.ts'
import { IF_RUNNING } from './run.ts'
import { SLOT_NAME } from './slots.ts'
import { ISOLATE } from './worktrees/isolation.ts'

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

const meanings = (texts: Readonly<Record<string, string>>) =>
  Object.entries(texts)
    .map(([name, text]) => `${name}: ${text}.`)
    .join(' ')

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
  isolate: Type.Optional(
    Type.Union([Type.Enum([...ISOLATE]), Type.Null()], {
      description:
        'worktree: the run works in a git work tree of its own, on a branch of its own, instead of in the workspace itself. ' +
        'It begins with the commit that is checked out there.',
    }),
  ),
  codex_exec_binary: text('A path, or a name on PATH.'),
  codex_exec_delay_seconds: seconds('The wait between stop and launch.'),
  codex_exec_startup_check_seconds: seconds('The wait after the launch, before the answer.'),
  timeout_seconds: seconds('End the run after this many seconds; 0: never.'),
  stall_seconds: seconds('End the run after this many seconds without a sign of life; 0: never.'),
  ...BUDGET_BODY,
  verify: text(
    'A command line that checks what the agent did, when it has ended well; empty: none. Its program must be allowed.',
  ),
  verify_timeout_seconds: seconds('Stop the check after this many seconds; 0: never.'),
  wait: Type.Optional(
    Type.Union([Type.Boolean(), Type.Null()], { description: 'Answer when the run has ended.' }),
  ),
  if_running: Type.Optional(
    Type.Union([Type.Enum([...IF_RUNNING]), Type.Null()], {
      description: `What to do where the slot is taken. ${meanings(IF_RUNNING_MEANINGS)}`,
    }),
  ),
  on_quota: Type.Optional(
    Type.Union([Type.Enum([...ON_QUOTA]), Type.Null()], {
      description:
        'What to do where the usage limit of the agent is reached. hold: wait for its reset, and go on then where the limit ' +
        'interrupts the run. fail: fail at once, and do not go on.',
    }),
  ),
  tools: Type.Optional(
    Type.Union([Type.Boolean(), Type.Null()], {
      description: 'False: the agent gets none of the tools that the service may offer to runs.',
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
