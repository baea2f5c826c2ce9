import t from 'tap'
import { failureOf, startTarget } from '../helpers/live-run.ts'
import { carriers } from '../helpers/processes.ts'
import { until } from '../helpers/service.ts'

t.test('the same key again gets the first answer again, and another body is refused', async (t) => {
  const { run, send, zulip, untouched } = await startTarget(t)
  for (const key of ['x'.repeat(256), 'ä', 'a\tb']) {
    const bad = await run({}, { 'idempotency-key': Buffer.from(key).toString('latin1') })
    t.match(failureOf(bad), { status: 400, code: 'LOOPER_FIELD_INVALID' })
  }
  await untouched(t, 'keys that are none')

  const key = { 'idempotency-key': 'once and for all' }
  const first = await run({ codex_prompt: 'sleep 300; true' }, key)
  t.equal(first.status, 200)
  const { run_id } = JSON.parse(first.text)
  await until('it lives', () => carriers(run_id).length === 2)
  const state = async () => [
    carriers(run_id).sort(),
    (await send({ path: '/runs' })).text,
    zulip.messages.length,
  ]
  const before = await state()

  const again = await run({ codex_prompt: 'sleep 300; true' }, key)
  t.strictSame([again.status, again.text], [first.status, first.text])
  t.strictSame(await state(), before)
  const other = await run({ codex_prompt: 'touch attacked' }, key)
  t.match(failureOf(other), { status: 422, code: 'LOOPER_KEY_REUSED' })
  t.strictSame(await state(), before)
})

t.test('ten at once with one key start one run', async (t) => {
  const { run, send } = await startTarget(t)
  const key = { 'idempotency-key': 'k' }
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => run({ codex_prompt: 'sleep 300; true' }, key)),
  )
  const good = answers.filter(({ status }) => status === 200)
  t.ok(good.length >= 1)
  t.equal(new Set(good.map(({ text }) => text)).size, 1, 'those that worked are one answer')
  for (const answer of answers.filter(({ status }) => status !== 200))
    t.match(failureOf(answer), { status: 409, code: 'LOOPER_KEY_IN_USE' })
  t.equal(JSON.parse((await send({ path: '/runs' })).text).runs.length, 2, 'the live one and this one')
})
