import { type Static, Type } from '../../base/schema.ts'
import { IF_RUNNING } from '../../runs/run.ts'
import type { RunBody } from '../../runs/run-body.ts'
import { ISOLATE } from '../../runs/worktrees/isolation.ts'

const text = (maxLength: number, description?: string) =>
  Type.Optional(
    Type.String({ minLength: 1, maxLength, ...(description === undefined ? {} : { description }) }),
  )

const MOST_CHARACTERS = 1_000_000

/** What of a run can be asked for, in the words of `POST /run` where it has good ones. */
export const LaunchInput = Type.Object(
  {
    message: Type.String({ pattern: '\\S', maxLength: 4000, description: 'The notice that people get.' }),
    prompt: text(MOST_CHARACTERS, 'What the agent is to do; default: that of the service.'),
    slot: text(64, 'At most one run lives in each; default: "default".'),
    workspace: text(4096, 'The directory it works in.'),
    agent: text(100),
    model: text(200),
    resume: text(100, 'A run_id: go on in its session.'),
    if_running: Type.Optional(
      Type.Enum([...IF_RUNNING], { description: 'Where the slot is taken; default: replace.' }),
    ),
    isolate: Type.Optional(Type.Enum([...ISOLATE], { description: 'Work in a git work tree of its own.' })),
    timeout_seconds: Type.Optional(Type.Number({ minimum: 0, description: '0: never.' })),
    max_tokens: Type.Optional(Type.Integer({ minimum: 0, description: '0: no limit.' })),
    max_cost_usd: Type.Optional(Type.Number({ minimum: 0, description: '0: no limit.' })),
    verify: text(4096, 'A command that checks the work afterwards.'),
  },
  { additionalProperties: false },
)

/** The same as the body of a request. */
export const launchBody = ({ message, prompt, ...rest }: Static<typeof LaunchInput>): RunBody => ({
  ...rest,
  zulip_message: message,
  codex_prompt: prompt ?? null,
})
