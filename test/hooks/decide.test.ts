import t from 'tap'
import { decide } from '../../src/hooks/decide.ts'
import type { Hook } from '../../src/hooks/hooks-file.ts'

const hook = (when?: Hook['when']): Hook => ({ kind: 'github', message: 'go', ...(when ? { when } : {}) })
const kindOf = (when: Hook['when'], headers: Record<string, string>, payload: unknown) =>
  decide(hook(when), { headers }, payload)

t.test('a hook without conditions acts on everything, with what it has', async (t) => {
  t.strictSame(decide(hook(), { headers: {} }, undefined), { kind: 'run', body: { zulip_message: 'go' } })
  const full: Hook = { ...hook(), message: '{{a}}', prompt: 'do {{a}}', workspace: '/w/{{a}}' }
  const decision = decide(full, { headers: {} }, { a: 'x' })
  t.match(decision, { kind: 'run', body: { zulip_message: 'x', codex_prompt: /do ⟦x⟧$/, workspace: '/w/x' } })
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

t.test('the branch is that of a push, a workflow run or a pipeline', async (t) => {
  const when = { branch: 'main' }
  t.match(kindOf(when, {}, { ref: 'refs/heads/main' }), { kind: 'run' })
  t.match(kindOf(when, {}, { ref: 'main' }), { kind: 'run' })
  t.match(kindOf(when, {}, { workflow_run: { head_branch: 'main' } }), { kind: 'run' })
  t.match(kindOf(when, {}, { object_attributes: { ref: 'main' } }), { kind: 'run' })
  t.strictSame(kindOf(when, {}, { ref: 'refs/tags/main' }), {
    kind: 'ignored',
    reason: 'the branch is not "main"',
  })
  t.match(kindOf(when, {}, {}), { kind: 'ignored' })
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
