import type { Hook } from './hooks-file.ts'
import { fill, valueAt } from './template.ts'
import type { Delivery } from './verify.ts'

/** What a delivery leads to. */
export type Decision =
  | { readonly kind: 'ignored'; readonly reason: string }
  | {
      readonly kind: 'run'
      readonly body: {
        readonly zulip_message: string
        readonly codex_prompt?: string
        readonly workspace?: string
      }
    }

/**
 * Decides what an authentic delivery leads to. Pure.
 * @throws {LooperError} `LOOPER_HOOK_PAYLOAD`
 */
export function decide(hook: Hook, delivery: Pick<Delivery, 'headers'>, payload: unknown): Decision {
  const reason = mismatch(hook, delivery, payload)
  if (reason !== null) return { kind: 'ignored', reason }
  return {
    kind: 'run',
    body: {
      zulip_message: fill(hook.message, payload, 'message'),
      ...(hook.prompt === undefined ? {} : { codex_prompt: fill(hook.prompt, payload, 'prompt') }),
      ...(hook.workspace === undefined ? {} : { workspace: fill(hook.workspace, payload, 'workspace') }),
    },
  }
}

function mismatch(
  { kind, when }: Hook,
  { headers }: Pick<Delivery, 'headers'>,
  payload: unknown,
): string | null {
  const event = headers['x-github-event'] ?? headers['x-gitlab-event'] ?? valueAt(payload, 'type')
  if (when?.event !== undefined && event !== when.event) return `the event is not "${when.event}"`
  // GitHub sends it when a webhook is made, to see whether somebody answers.
  if (kind === 'github' && event === 'ping' && when?.event === undefined) return 'a ping asks for nothing'
  if (when?.branch !== undefined && branchOf(payload) !== when.branch)
    return `the branch is not "${when.branch}"`
  for (const [path, expected] of Object.entries(when?.equals ?? {})) {
    if (valueAt(payload, path) !== expected) return `'${path}' is not ${JSON.stringify(expected)}`
  }
  return null
}

/** Where GitHub and GitLab name the branch: of a push, of a workflow run, of a pipeline. */
function branchOf(payload: unknown): unknown {
  const ref = valueAt(payload, 'ref')
  if (typeof ref === 'string') return ref.replace(/^refs\/heads\//, '')
  return valueAt(payload, 'workflow_run.head_branch') ?? valueAt(payload, 'object_attributes.ref')
}
