import Module from 'node:module'
import t from 'tap'
import { startLoopbackZulip } from '../../fixtures/loopback-zulip.ts'

// How Node finds what is required. From the third time on it finds zulip-js.
const found: (...given: unknown[]) => string = Reflect.get(Module, '_resolveFilename')
let tries = 0
Reflect.set(Module, '_resolveFilename', function (this: unknown, ...given: unknown[]) {
  if (given[0] === 'zulip-js/lib/index.js' && ++tries < 3) throw new Error('EMFILE: too many open files')
  return found.apply(this, given)
})
t.teardown(() => Reflect.set(Module, '_resolveFilename', found))
const { openZulip } = await import('../../../src/notices/zulip/client.ts')

t.test('a library that could not be loaded is tried again at the next notice', async (t) => {
  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const formData = globalThis.FormData
  const open = () => openZulip({ site: zulip.url, ...zulip.account }, {}, new AbortController().signal)
  await t.rejects(open(), { message: 'EMFILE: too many open files' })
  const message = { type: 'stream', to: 'coding', topic: 'builds', content: 'Hello' } as const
  t.equal(await (await open()).send(message), 42)
  t.equal(await (await open()).send(message), 43)
  t.equal(globalThis.FormData, formData, 'and what it would bring along stays away')
})
