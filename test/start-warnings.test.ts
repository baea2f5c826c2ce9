import t from 'tap'
import { loadConfig } from '../../src/settings/config.ts'
import { startWarnings } from '../../src/settings/start-warnings.ts'

t.test('a start tells what its owner should know', async (t) => {
  const dir = t.testdir()
  const { launch } = loadConfig({ LOOPER_DEFAULT_PROMPT_FILE: dir }, { projectDir: dir, home: dir })
  const credentials = { kind: 'incomplete', missing: ['ZULIP_SITE'], source: 'env-only' } as const
  const told = await startWarnings({ warnings: ['a setting'], launch }, credentials, 'something is not seen')
  t.equal(told[0], 'a setting')
  t.equal(told[1], 'something is not seen')
  t.match(told[2], /ZULIP_SITE.*: no notice can be sent, so every request for a run is refused/)
  t.match(told[3], /^LOOPER_DEFAULT_PROMPT_FILE: /)
})
