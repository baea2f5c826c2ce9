import t from 'tap'
import { decide } from '../../../src/triggers/hooks/decide.ts'
import type { Hook } from '../../../src/triggers/hooks/hooks-file.ts'

const hook = (when?: Hook['when']): Hook => ({ kind: 'github', message: 'go', ...(when ? { when } : {}) })
const kindOf = (when: Hook['when'], headers: Record<string, string>, payload: unknown) =>
  decide(hook(when), { headers }, payload)

t.test('a hook without conditions acts on everything, with what it has', async (t) => {
  t.strictSame(decide(hook(), { headers: {} }, undefined), { kind: 'run', body: { zulip_message: 'go' } })
  const full: Hook = { ...hook(), message: '{{a}}', prompt: 'do {{a}}', workspace: '/w/{{a}}' }
  const decision = decide(full, { headers: {} }, { a: 'x' })
  t.match(decision, { kind: 'run', body: { zulip_message: 'x', codex_prompt: /do ⟦x⟧$/, workspace: '/w/x' } })
  const slot = {
    slot: 'docs',
    share_workspace: true,
    isolate: 'worktree',
    if_running: 'queue',
    on_quota: 'fail',
    tools: false,
  } as const
  t.strictSame(decide({ ...hook(), ...slot }, { headers: {} }, {}), {
    kind: 'run',
    body: { zulip_message: 'go', ...slot },
  })
  const budget = { max_tokens: 100, max_cost_usd: 0.5 }
  t.match(decide({ ...hook(), ...budget }, { headers: {} }, {}), { body: budget })
  const other: Hook = { ...hook(), agent: 'claude', model: 'opus', system_prompt: '{{a}}' }
  t.strictSame(decide(other, { headers: {} }, { a: 'x' }), {
    kind: 'run',
    body: { zulip_message: 'go', agent: 'claude', model: 'opus', system_prompt: '{{a}}' },
  })
})

t.test('the event is where each sender names it', async (t) => {
  const when = { event: 'push' }
  t.match(kindOf(when, { 'x-github-event': 'push' }, {}), { kind: 'run' })
  t.match(kindOf(when, { 'x-gitlab-event': 'push' }, {}), { kind: 'run' })
  t.match(kindOf(when, {}, { type: 'push' }), { kind: 'run' })
  t.strictSame(kindOf(when, { 'x-github-event': 'ping' }, { type: 'push' }), {
    kind: 'ignored',
    reason: 'the event is not "push"',
  })
  t.match(kindOf(when, {}, null), { kind: 'ignored' })
})

const OWN = { id: 1, full_name: 'owner/project' }
const FORK = { id: 2, full_name: 'mallory/project', fork: true }
const workflowRun = (head_repository: unknown, event = 'push') => ({
  workflow_run: { event, head_branch: 'main', head_repository, repository: OWN },
  repository: OWN,
})
const pipeline = (attributes: object, more: object = {}) => ({
  object_attributes: { ref: 'main', tag: false, source: 'push', ...attributes },
  project: { id: 1 },
  merge_request: null,
  ...more,
})

t.test('the branch is that of a push, a workflow run or a pipeline', async (t) => {
  const when = { branch: 'main' }
  const met: Record<string, unknown> = {
    'a push': { ref: 'refs/heads/main', repository: OWN },
    'a bare name': { ref: 'main' },
    'a branch that was made': { ref: 'main', ref_type: 'branch' },
    'a workflow run': workflowRun(OWN),
    'a workflow run for a pull request of the repository itself': workflowRun(OWN, 'pull_request'),
    'a workflow run, of a sender without ids': {
      workflow_run: { head_branch: 'main', head_repository: { full_name: 'owner/project' } },
      repository: { full_name: 'owner/project' },
    },
    'a pipeline': pipeline({}),
    'a pipeline for a merge request of the project itself': pipeline(
      { source: 'merge_request_event' },
      { merge_request: { source_project_id: 1, target_project_id: 1 } },
    ),
    'a job': { ref: 'main', tag: false },
  }
  for (const [what, payload] of Object.entries(met)) t.match(kindOf(when, {}, payload), { kind: 'run' }, what)
  t.match(kindOf(when, {}, { ref: 'refs/heads/other' }), {
    kind: 'ignored',
    reason: 'the branch is not "main"',
  })
})

t.test("a stranger's fork or a tag never has the branch, whatever it is called there", async (t) => {
  const when = { branch: 'main' }
  const head = { ref: 'main', repo: FORK }
  const others: Record<string, unknown> = {
    nothing: {},
    'a tag': { ref: 'refs/tags/main' },
    'a tag that was made': { ref: 'main', ref_type: 'tag' },
    'a pull request as a ref': { ref: 'refs/pull/1/head' },
    'a workflow run of a fork': workflowRun(FORK, 'pull_request'),
    'a workflow run of a fork, with rights of the repository': workflowRun(FORK, 'pull_request_target'),
    'a workflow run of a fork, without ids': {
      workflow_run: { head_branch: 'main', head_repository: { full_name: 'mallory/project' } },
      repository: { full_name: 'owner/project' },
    },
    'a workflow run of a fork that is gone': workflowRun(null, 'pull_request'),
    'a workflow run that does not say where from': { workflow_run: { head_branch: 'main' } },
    'a pull request': { pull_request: { head, base: { ref: 'main', repo: OWN } }, repository: OWN },
    'a job of a workflow': { workflow_job: { head_branch: 'main' }, repository: OWN },
    'a check suite': { check_suite: { head_branch: 'main' }, repository: OWN },
    'a check run': { check_run: { check_suite: { head_branch: 'main' } }, repository: OWN },
    'a pipeline of a tag': pipeline({ tag: true }),
    'a pipeline for a merge request of a fork': pipeline(
      { source: 'merge_request_event' },
      { merge_request: { source_project_id: 2, target_project_id: 1 } },
    ),
    'a part of such a pipeline': pipeline(
      { source: 'parent_pipeline' },
      { merge_request: { source_project_id: 2, target_project_id: 1 } },
    ),
    'a pipeline for some merge request': pipeline({ source: 'merge_request_event' }),
    "a pipeline for another host's pull request": pipeline({ source: 'external_pull_request_event' }),
    'a job of a tag': { ref: 'main', tag: true },
    'a merge request': {
      object_attributes: { source_branch: 'main', source_project_id: 2 },
      project: { id: 1 },
    },
  }
  for (const [what, payload] of Object.entries(others))
    t.strictSame(kindOf(when, {}, payload), { kind: 'ignored', reason: 'the branch is not "main"' }, what)
})

t.test('fields must equal exactly, types included', async (t) => {
  const when = { equals: { 'a.b': 1, c: null, d: true, e: 'x' } }
  const good = { a: { b: 1 }, c: null, d: true, e: 'x' }
  t.match(kindOf(when, {}, good), { kind: 'run' })
  for (const bad of [{ a: { b: '1' } }, { c: undefined }, { d: 1 }, { e: 'X' }])
    t.match(kindOf(when, {}, { ...good, ...bad }), { kind: 'ignored' })
  t.strictSame(kindOf(when, {}, {}), { kind: 'ignored', reason: "'a.b' is not 1" })
})

t.test("GitHub's ping starts nothing, unless it is what the hook is for", async (t) => {
  const ping = { 'x-github-event': 'ping' }
  t.strictSame(kindOf(undefined, ping, {}), { kind: 'ignored', reason: 'a ping asks for nothing' })
  t.match(kindOf({ branch: 'main' }, ping, { ref: 'main' }), { kind: 'ignored' })
  t.match(kindOf({ event: 'ping' }, ping, {}), { kind: 'run' })
  t.match(decide({ ...hook(), kind: 'standard' }, { headers: {} }, { type: 'ping' }), { kind: 'run' })
})
