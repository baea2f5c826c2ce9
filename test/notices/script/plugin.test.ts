import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../src/config.ts'
import { setUpFault } from '../../helpers/fault-service.ts'
import { until } from '../../helpers/service.ts'

t.test('a configured script sends every notice, and how it goes is told', async (t) => {
  const script = path.join(t.testdirName, 'notify.mjs')
  const { run, service, zulip } = await setUpFault(t, { LOOPER_NOTICE_SCRIPT: script })
  writeFileSync(script, `console.log('told', process.argv[2])`)
  const { body } = await run('true', { zulip_message: 'Starting' })
  t.equal(body.zulip_output, 'told Starting')
  const get = async (address: string) => (await fetch(`${service.url}${address}`)).text()
  t.match(JSON.parse(await get('/status')), {
    notice: { kind: 'script', route: `script=${script}`, problem: null, last: { ok: true } },
  })
  await until('the run ended', async () => (await get('/runs')).includes('"outcome":"exited"'))
  t.strictSame(zulip.messages, [], 'nobody else is told, also not of the end')
})

t.test('a script that is not there is a finding, and nothing is stopped or launched', async (t) => {
  const dir = t.testdir({ 'notify.mjs': '' })
  const file = path.join(dir, 'notify.mjs')
  const { notice } = loadConfig({ LOOPER_NOTICE_SCRIPT: 'notify.mjs' }, { projectDir: dir, home: dir })
  const { signal } = new AbortController()
  t.strictSame(notice.files, [file])
  t.strictSame([notice.finding(), notice.warning(), notice.secrets()], [null, null, []])
  t.match(await notice.probe({}, signal), { state: 'ok', check: 'script', text: file })
  rmSync(file)
  t.match(notice.finding(), { state: 'broken', text: `there is no file ${file}` })
  t.match(await notice.probe({}, signal), { state: 'broken', remedy: /LOOPER_NOTICE_SCRIPT/ })
  t.match(notice.route(), { kind: 'script', problem: `there is no file ${file}` })
})
