import { MAX_SECONDS } from '../../base/clock.ts'
import { readChecked } from '../../base/json-file.ts'
import { readOwnerFile } from '../../base/owner-file.ts'
import { type Static, Type } from '../../base/schema.ts'
import { MOST_TOKENS, MOST_USD } from '../../runs/budget/budget.ts'
import { ON_QUOTA } from '../../runs/holds/hold.ts'
import { IF_RUNNING } from '../../runs/run.ts'
import { SLOT_NAME } from '../../runs/slots.ts'
import { ISOLATE } from '../../runs/worktrees/isolation.ts'
import { HOOK_KINDS, signingKeys } from './verify.ts'

const Secrets = Type.Union([
  Type.String({ minLength: 1 }),
  Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
])

/** One hook: who may call it, when it acts, and what it starts. */
export const Hook = Type.Object(
  {
    kind: Type.Enum([...HOOK_KINDS]),
    /** One secret, or several during a rotation. */
    secret: Type.Optional(Secrets),
    /** The name of the variable that holds the secret. */
    secret_env: Type.Optional(Secrets),
    when: Type.Optional(
      Type.Object(
        {
          event: Type.Optional(Type.String()),
          branch: Type.Optional(Type.String()),
          equals: Type.Optional(
            Type.Record(
              Type.String(),
              Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
            ),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    message: Type.String({ minLength: 1 }),
    prompt: Type.Optional(Type.String()),
    workspace: Type.Optional(Type.String({ minLength: 1 })),
    slot: Type.Optional(Type.String({ pattern: SLOT_NAME })),
    share_workspace: Type.Optional(Type.Boolean()),
    isolate: Type.Optional(Type.Enum([...ISOLATE])),
    if_running: Type.Optional(Type.Enum([...IF_RUNNING])),
    on_quota: Type.Optional(Type.Enum([...ON_QUOTA])),
    tools: Type.Optional(Type.Boolean()),
    /** As in the body of `POST /run`; words of the payload stand in none of them. */
    agent: Type.Optional(Type.String({ minLength: 1 })),
    model: Type.Optional(Type.String({ minLength: 1 })),
    system_prompt: Type.Optional(Type.String({ minLength: 1 })),
    max_tokens: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST_TOKENS })),
    max_cost_usd: Type.Optional(Type.Number({ minimum: 0, maximum: MOST_USD })),
    /** A command line for /bin/sh; empty: nothing checks its runs. */
    verify: Type.Optional(Type.String()),
    verify_timeout_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: MAX_SECONDS })),
  },
  { additionalProperties: false },
)
/** One hook. */
export type Hook = Static<typeof Hook>

const HooksFile = Type.Object({
  // Without the last word a name of another form would be let through, unchecked.
  hooks: Type.Record(Type.String({ pattern: '^[\\w-]{1,64}$' }), Hook, { additionalProperties: false }),
})

/**
 * Reads a hooks file. It is small and read at each delivery, so that a change counts at once.
 * @throws {Error} saying what is wrong with it
 */
export function readHooks(file: string): ReadonlyMap<string, Hook> {
  return new Map(Object.entries(readChecked(HooksFile, readOwnerFile(file), file).hooks))
}

/**
 * A hook's secrets, from itself or from the environment.
 * @throws {Error} where it has none, or one that is no key: nothing is accepted unsigned
 */
export function secretsOf(hook: Hook, env: NodeJS.ProcessEnv): readonly string[] {
  const named = listOf(hook.secret_env).map((name) => {
    const secret = env[name]
    if (!secret) throw new Error(`the variable ${name} (secret_env) is not set`)
    return secret
  })
  const secrets = [...listOf(hook.secret), ...named]
  if (secrets.length === 0) throw new Error('the hook has neither secret nor secret_env')
  const mayBeSigned = hook.kind === 'standard' || hook.kind === 'gitlab'
  if (mayBeSigned && secrets.some((secret) => signingKeys(secret).length === 0))
    throw new Error('a secret begins with whsec_, but no base64 follows')
  return secrets
}

const listOf = (value: string | readonly string[] | undefined) =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value
