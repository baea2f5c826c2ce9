import { zulip } from '../../../src/notices/zulip/plugin.ts'
import { beginReading } from '../../../src/settings/part.ts'
import { startLoopbackZulip } from '../../fixtures/loopback-zulip.ts'
import { testNotice } from '../suite.ts'

testNotice({
  longest: 10_000,
  canEdit: true,
  async open(test) {
    const server = await startLoopbackZulip()
    test.teardown(() => server.close())
    const home = test.testdir()
    const env = {
      ZULIP_SITE: server.url,
      ZULIP_BOT_EMAIL: server.account.email,
      ZULIP_BOT_API_KEY: server.account.key,
    }
    const notice = zulip.settings.read(beginReading(env, { projectDir: home, home }))
    if (notice === null) throw new Error('it is always there')
    return {
      notice,
      env: {},
      delivered: () => server.messages.map(({ content }) => content),
      edited: () => server.edits.map(({ content }) => content),
      refuse: (msg) =>
        server.interrupt((_request, response) => {
          response.writeHead(400, { 'content-type': 'application/json' })
          response.end(JSON.stringify({ result: 'error', code: 'BAD_REQUEST', msg }))
        }),
      hang: () => server.interrupt(() => undefined),
      babble: (characters) =>
        server.interrupt((_request, response) => {
          response.writeHead(500, { 'content-type': 'text/html' })
          response.end('x'.repeat(characters))
        }),
    }
  },
})
