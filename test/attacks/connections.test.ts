import { existsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import t from 'tap'
import { FAKE_CODEX, sendRaw } from '../helpers/live-run.ts'
import { startTestService, textOf, until } from '../helpers/service.ts'

const TOKEN = 'the-right-token-of-this-test'
const RIGHT = { authorization: `Bearer ${TOKEN}` }
const HEALTH = 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
const DESCRIPTORS = 150
/** It sets both limits, so that Node cannot raise its own. */
const WITH_FEW = ['sh', '-c', `ulimit -n ${DESCRIPTORS} && exec "$@"`, 'sh']
const skip = existsSync('/proc/self/limits') ? false : 'the limit cannot be read without /proc'

t.test(
  'strangers who connect without end leave descriptors, and everybody is served',
  { skip },
  async (t) => {
    const dir = t.testdir({ workspace: {}, logs: {} })
    const service = await startTestService(
      path.join(dir, 'logs'),
      {
        LOOPER_HOST: '127.0.0.1',
        LOOPER_API_TOKEN: TOKEN,
        CODEX_EXEC_BINARY: FAKE_CODEX,
        LOOPER_MIN_FREE_MB: '0',
      },
      { prefix: WITH_FEW },
    )
    t.teardown(() => service.stop())
    const sockets = Array.from({ length: 400 }, () => {
      const socket = net.connect(Number(new URL(service.url).port), '127.0.0.1')
      socket
        .on('error', () => undefined)
        .on('connect', () => socket.write(HEALTH))
        .resume()
      return socket
    })
    t.teardown(() => sockets.forEach((socket) => void socket.destroy()))
    const closed = () => sockets.filter((socket) => socket.closed).length
    await until('all but the last are closed', () => closed() >= 400 - DESCRIPTORS / 3)
    t.equal((await sendRaw(service.url, { path: '/health' })).status, 200)
    const body = {
      zulip_message: 'x',
      codex_prompt: 'echo done',
      workspace: path.join(dir, 'workspace'),
      wait: true,
    }
    const answer = await service.post(body, RIGHT)
    t.match(answer, { status: 200, body: { outcome: 'exited', return_code: 0 } })
    t.notMatch(textOf(path.join(service.logDir, 'looper-server.log')), 'EMFILE')
  },
)
