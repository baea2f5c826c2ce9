import t from 'tap'
import { broken } from '../src/base/finding.ts'
import { loadConfig } from '../src/config.ts'
import { startWarnings } from '../src/start-warnings.ts'

t.test('a start tells what its owner should know', async (t) => {
  const dir = t.testdir()
  const env = { LOOPER_DEFAULT_PROMPT_FILE: dir, ZULIP_SITE: 'https://z.example' }
  const { launch, notice } = loadConfig(env, { projectDir: dir, home: dir })
  const missing = notice.warning()
  t.match(missing, /ZULIP_BOT_EMAIL.*: no notice can be sent, so every request for a run is refused/)
  const findings = [broken('logs', 'no room', 'Make room.'), broken('zulip', 'is told already', 'Set it.')]
  const told = await startWarnings({ warnings: ['a setting'], launch, notice }, ['unseen'], findings)
  t.strictSame(told.slice(0, 3), ['a setting', 'unseen', 'no room. Make room.'])
  t.match(told[3], /^LOOPER_DEFAULT_PROMPT_FILE: /)
})
