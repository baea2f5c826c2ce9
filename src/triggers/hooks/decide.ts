import type { OnQuota } from '../../runs/holds/hold.ts'
import type { IfRunning } from '../../runs/run.ts'
import type { ISOLATE } from '../../runs/worktrees/isolation.ts'
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
        readonly slot?: string
        readonly share_workspace?: boolean
        readonly isolate?: (typeof ISOLATE)[number]
        readonly if_running?: IfRunning
        readonly on_quota?: OnQuota
        readonly tools?: boolean
        readonly agent?: string
        readonly model?: string
        readonly system_prompt?: string
        readonly max_tokens?: number
        readonly max_cost_usd?: number
        readonly verify?: string
        readonly verify_timeout_seconds?: number
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
      ...(hook.slot === undefined ? {} : { slot: hook.slot }),
      ...(hook.share_workspace === undefined ? {} : { share_workspace: hook.share_workspace }),
      ...(hook.isolate === undefined ? {} : { isolate: hook.isolate }),
      ...(hook.if_running === undefined ? {} : { if_running: hook.if_running }),
      ...(hook.on_quota === undefined ? {} : { on_quota: hook.on_quota }),
      ...(hook.tools === undefined ? {} : { tools: hook.tools }),
      ...(hook.agent === undefined ? {} : { agent: hook.agent }),
      ...(hook.model === undefined ? {} : { model: hook.model }),
      ...(hook.system_prompt === undefined ? {} : { system_prompt: hook.system_prompt }),
      ...(hook.max_tokens === undefined ? {} : { max_tokens: hook.max_tokens }),
      ...(hook.max_cost_usd === undefined ? {} : { max_cost_usd: hook.max_cost_usd }),
      ...(hook.verify === undefined ? {} : { verify: hook.verify }),
      ...(hook.verify_timeout_seconds === undefined
        ? {}
        : { verify_timeout_seconds: hook.verify_timeout_seconds }),
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

/**
 * The branch of the sender's own repository that an event is about: of a push, a workflow run or a pipeline. Undefined for
 * everything else, tags and the branches of forks too: there strangers choose the name. (docs.github.com, "Webhook events
 * and payloads"; docs.gitlab.com, "Webhook events")
 */
function branchOf(payload: unknown): unknown {
  const ref = valueAt(payload, 'ref')
  if (typeof ref === 'string') {
    // GitHub's "create" has a bare name and its kind, GitLab's job a bare name and whether it is a tag.
    const isTag = valueAt(payload, 'ref_type') === 'tag' || valueAt(payload, 'tag') === true
    return isTag ? undefined : ref.replace(/^refs\/heads\//, '')
  }
  if (isOwnRun(payload)) return valueAt(payload, 'workflow_run.head_branch')
  return isOwnPipeline(payload) ? valueAt(payload, 'object_attributes.ref') : undefined
}

/** A run for a pull request, whatever started it, has the branch of the repository that the request comes from. */
function isOwnRun(payload: unknown): boolean {
  return ['id', 'full_name'].some((field) => {
    const own = valueAt(payload, `repository.${field}`)
    return own !== undefined && own === valueAt(payload, `workflow_run.head_repository.${field}`)
  })
}

/** A pipeline for a merge request has the branch of the project that the request comes from. */
function isOwnPipeline(payload: unknown): boolean {
  if (valueAt(payload, 'object_attributes.tag') === true) return false
  const source = valueAt(payload, 'merge_request.source_project_id')
  if (source !== undefined) return source === valueAt(payload, 'project.id')
  return !/merge_request|pull_request/.test(String(valueAt(payload, 'object_attributes.source')))
}
