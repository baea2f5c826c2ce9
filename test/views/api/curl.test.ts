import { execFileSync } from 'node:child_process'
import t from 'tap'
import { type CurlCall, curlOf } from '../../../src/views/api/curl.ts'

const GET: CurlCall = {
  base: 'http://127.0.0.1:3456',
  method: 'get',
  path: '/health',
  needsToken: false,
  body: {},
  isStream: false,
}
const TOKEN = '-H "Authorization: Bearer $LOOPER_API_TOKEN"'

t.test('each kind of request is a line that a shell takes', async (t) => {
  t.equal(curlOf(GET), 'curl http://127.0.0.1:3456/health')
  t.equal(
    curlOf({ ...GET, path: '/events', needsToken: true, isStream: true }),
    `curl -N http://127.0.0.1:3456/events ${TOKEN}`,
  )
  t.equal(
    curlOf({ ...GET, method: 'head', path: '/runs/{run_id}/log' }),
    'curl -I http://127.0.0.1:3456/runs/RUN_ID/log',
  )
  const body = {
    'application/json': {
      schema: { properties: { zulip_message: { type: 'string' } }, required: ['zulip_message'] },
    },
  }
  const line = curlOf({ ...GET, method: 'post', path: '/run', needsToken: true, body })
  t.equal(
    line,
    `curl -X POST http://127.0.0.1:3456/run ${TOKEN} -H 'Content-Type: application/json' -d '{"zulip_message":"…"}'`,
  )
  t.match(curlOf({ ...GET, method: 'post', body: { 'application/json': { schema: {} } } }), / -d '\{\}'$/)
})

t.test('whatever a request calls the service, the shell runs nothing of it', async (t) => {
  const line = curlOf({ ...GET, base: "http://a'$(touch attacked)`id`;b" })
  const words = execFileSync('/bin/sh', ['-c', line.replace(/^curl/, 'printf %s')], { encoding: 'utf8' })
  t.equal(words, "http://a'$(touch attacked)`id`;b/health")
})
