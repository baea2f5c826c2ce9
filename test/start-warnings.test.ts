import t from 'tap'
import { broken } from '../src/base/finding.ts'
import { loadConfig } from '../src/config.ts'
import { startWarnings } from '../src/start-warnings.ts'

t.test('a start tells what its owner should know', async (t) => {
  const dir = t.testdir()
  const env = {
    LOOPER_RUN_MAX_COST_USD: '1',
    LOOPER_DAY_MAX_COST_USD: '5',
    LOOPER_DEFAULT_PROMPT_FILE: dir,
    ZULIP_SITE: 'https://z.example',
  }
  const { launch, notice, agents } = loadConfig(env, { projectDir: dir, home: dir })
  const missing = notice.warning()
  t.match(missing, /ZULIP_BOT_EMAIL.*: no notice can be sent, so every request for a run is refused/)
  const findings = [broken('logs', 'no room', 'Make room.'), broken('zulip', 'is told already', 'Set it.')]
  const told = await startWarnings({ warnings: ['a setting'], launch, notice, agents }, ['unseen'], findings)
  t.strictSame(told.slice(0, 3), ['a setting', 'unseen', 'no room. Make room.'])
  const mute = 'codex does not tell what it costs, so its runs are refused; use a budget in tokens'
  t.strictSame(told.slice(3, 5), [`LOOPER_RUN_MAX_COST_USD: ${mute}`, `LOOPER_DAY_MAX_COST_USD: ${mute}`])
  t.match(told[5], /^LOOPER_DEFAULT_PROMPT_FILE: /)
  const claude = { ...agents, standard: { ...agents.standard, tells: { tokens: true, cost: true } } }
  const free = await startWarnings({ warnings: [], launch, notice, agents: claude }, [])
  t.notOk(free.some((text) => text.includes('does not tell what it costs')))
})
