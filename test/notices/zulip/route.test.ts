import path from 'node:path'
import t from 'tap'
import { plannedRoute } from '../../../src/notices/planned-route.ts'
import { routeOf } from '../../../src/notices/zulip/route.ts'
import { zulipSettings } from '../../../src/notices/zulip/settings.ts'
import { beginReading } from '../../../src/settings/part.ts'

t.test('how notices would go is told from the settings, and what is against it', async (t) => {
  const dir = t.testdir({ folder: {} })
  const stateOf = (env: Record<string, string>) =>
    routeOf(
      zulipSettings.read(
        beginReading({ ZULIPRC_PATH: path.join(dir, 'none'), ...env }, { projectDir: dir, home: dir }),
      ),
    )
  const route = 'type=stream stream=coding topic=verified-cad'
  const all = { ZULIP_SITE: 'https://z.example', ZULIP_BOT_EMAIL: 'a@z.example', ZULIP_BOT_API_KEY: 'key' }
  t.same(stateOf(all), { kind: 'zulip', route, problem: null })
  t.same(stateOf({ ZULIP_SITE: 'https://z.example' }), {
    kind: 'zulip',
    route,
    problem: 'missing ZULIP_BOT_EMAIL, ZULIP_BOT_API_KEY',
  })
  t.same(stateOf({ ZULIPRC_PATH: '' }), { kind: 'log', route: null, problem: null })
  t.match(stateOf({ ZULIPRC_PATH: '', LOOPER_ZULIP_REQUIRED: '1' }), { problem: /LOOPER_ZULIP_REQUIRED/ })
  t.match(stateOf({ ZULIPRC_PATH: path.join(dir, 'folder') }), {
    kind: 'zulip',
    problem: /cannot read the zuliprc/,
  })
})

t.test('who plans a run is told of no route that is not there', async (t) => {
  const dir = t.testdir()
  const planned = (env: Record<string, string>) =>
    plannedRoute(
      routeOf(zulipSettings.read(beginReading({ ZULIPRC_PATH: '', ...env }, { projectDir: dir, home: dir }))),
    )
  const route = 'type=stream stream=coding topic=verified-cad'
  const all = { ZULIP_SITE: 'https://z.example', ZULIP_BOT_EMAIL: 'a@z.example', ZULIP_BOT_API_KEY: 'key' }
  t.equal(planned(all), route)
  t.equal(planned({}), 'server log only, nothing else is configured')
  t.equal(
    planned({ LOOPER_ZULIP_REQUIRED: '1' }),
    'none; it would fail: no Zulip credentials (LOOPER_ZULIP_REQUIRED is on)',
  )
  t.equal(
    planned({ ZULIP_SITE: 'https://z.example' }),
    `${route}; it would fail: missing ZULIP_BOT_EMAIL, ZULIP_BOT_API_KEY`,
  )
})
