import t from 'tap'
import { setUpLoops } from '../../helpers/loop-service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const NAME = "'name' must be 1 to 58 small letters, digits and hyphens, beginning with a letter or digit"
const LIMIT = "'limit' must be a number from 1 to 100, by default 20"
const NO_END = ', or "unlimited"'

t.test('what is wrong with a request is told by the field and what it is to be', async (t) => {
  const { ask, define } = await setUpLoops(t, 'exit 0')
  const before = await define('one')
  const user = 'x'
  const requests: readonly [at: string, body: object | undefined, error: string][] = [
    ['/one', {}, "missing 'user'"],
    ['/one', { user: ' \n' }, "'user' must be a text of more than spaces"],
    ['/one', { user: 'x'.repeat(500_001) }, "'user' must be a text of at most 500000 characters"],
    ['/one', { user: null }, "'user' must be a string"],
    ['/one', { user, system: '' }, "'system' must be a text of 1 or more characters"],
    ['/one', { user, completion_word: ' a' }, "'completion_word' must be one line, without spaces around it"],
    [
      '/one',
      { user, completion_word: 'a\nb' },
      "'completion_word' must be one line, without spaces around it",
    ],
    ['/one', { user, session: 'new' }, '\'session\' must be "fresh" or "continue"'],
    ['/one', { user, interval_seconds: -1 }, "'interval_seconds' must be >= 0"],
    ['/one', { user, interval_seconds: '5' }, "'interval_seconds' must be a number"],
    ['/one', { user, monitor_interval_seconds: 0 }, "'monitor_interval_seconds' must be >= 1"],
    ['/one', { user, max_tokens: 0 }, `'max_tokens' must be >= 1${NO_END}`],
    ['/one', { user, max_iterations: 1.5 }, `'max_iterations' must be a whole number${NO_END}`],
    ['/one', { user, max_iterations: 'all' }, `'max_iterations' must be a whole number${NO_END}`],
    ['/one', { user, max_seconds: 0 }, `'max_seconds' must be > 0${NO_END}`],
    ['/one', { user, max_seconds: -1 }, `'max_seconds' must be > 0${NO_END}`],
    ['/one', { user, max_seconds: '-1' }, `'max_seconds' must be a number${NO_END}`],
    ['/one', { user, max_cost_usd: 0 }, `'max_cost_usd' must be > 0${NO_END}`],
    ['/one', { user, prompt: 'x' }, "there is no field 'prompt'"],
    ['/one/hint', {}, "missing 'hint'"],
    ['/one/hint', { hint: 'x'.repeat(20_001) }, "'hint' must be a text of at most 20000 characters"],
    ['/one/memory/restore', {}, "missing 'version_id'"],
    ['/one/memory/restore', { version_id: 0 }, "'version_id' must be >= 1"],
    ['/A', { user }, NAME],
    ['/a_b', undefined, NAME],
    [`/${'a'.repeat(59)}`, { user }, NAME],
    ['/-a/start', {}, NAME],
    ['/A/memory', undefined, NAME],
    ['/one/rounds?limit=0', undefined, LIMIT],
    ['/one/rounds?before=x', undefined, "'before' must be `next_before` of the page before"],
    ['/one/memory/versions?limit=101', undefined, LIMIT],
    ['/one/memory/versions?memory=all', undefined, '\'memory\' must be "persistent" or "working"'],
  ]
  for (const [at, body, error] of requests) {
    const answer = await ask(at, body)
    t.match(answer, { status: 400, body: { ok: false, code: 'LOOPER_FIELD_INVALID' } }, at)
    t.equal(answer.body.error, error)
  }
  t.same((await ask('/one')).body.loop, before, 'nothing is changed')
})
