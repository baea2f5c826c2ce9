import { rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { verifyLogPathOf } from '../../src/logs/verify-log.ts'
import { NOW } from '../helpers/app.ts'
import { startLogApp } from '../helpers/log-app.ts'
import { intentOf } from '../helpers/record.ts'

const TEXT = '# header\n\none\ntwo\n\n# codex_exec_return_code=1\n'

t.test('the log of a check comes as a file, in part, or as its last lines', async (t) => {
  const { app, ledger, dir } = await startLogApp(t)
  const file = `${dir}/one.log`
  ledger.begin(
    intentOf('one', { check: { line: 'make', isOwners: true, timeoutMs: 1000 }, requestedAt: NOW }),
  )
  const none = { statusCode: 404 }
  t.match(await app.inject('/runs/one/verify-log'), none, 'there is no log at all')
  ledger.step('one', { logPath: file })
  writeFileSync(file, 'the log of the agent')
  t.match(
    await app.inject('/runs/one/verify-log'),
    { ...none, body: /LOOPER_LOG_NOT_FOUND/ },
    'it was not run yet',
  )
  writeFileSync(verifyLogPathOf(file), TEXT)
  t.match(await app.inject('/runs/one/verify-log'), {
    statusCode: 200,
    body: TEXT,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  })
  t.equal((await app.inject('/runs/one/verify-log?tail=3')).body, 'two\n\n# codex_exec_return_code=1\n')
  const part = await app.inject({ url: '/runs/one/verify-log', headers: { range: 'bytes=2-7' } })
  t.match(part, { statusCode: 206, body: 'header' })
  t.match(await app.inject('/runs/one/verify-log?tail=x'), { statusCode: 400 })
  const end = { outcome: 'exited', returnCode: 0, cause: null, outputBytes: 1, tokensUsed: null } as const
  const check = { verdict: 'refuted', cause: 'the check exited with 1', returnCode: 1 } as const
  ledger.finish('one', { ...end, endedAt: NOW, check })
  t.match(
    (await app.inject('/runs/one/log?follow=1')).body,
    /event: end\n.*\n.*"verdict":"refuted","verdict_cause":"the check exited with 1"/,
  )
  rmSync(verifyLogPathOf(file))
  t.match(await app.inject('/runs/one/verify-log'), none, 'it was removed')
})

t.test('a run that nothing checks has no such log, whatever lies beside its own', async (t) => {
  const { app, begin } = await startLogApp(t)
  const { file, runId } = begin('one', 'x')
  writeFileSync(verifyLogPathOf(file), 'of somebody else')
  t.match(await app.inject(`/runs/${runId}/verify-log`), { statusCode: 404 })
  t.match(await app.inject('/runs/two/verify-log'), { statusCode: 404 })
})
