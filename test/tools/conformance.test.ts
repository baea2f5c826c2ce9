import path from 'node:path'
import type { ClientOptions } from '@modelcontextprotocol/client'
import t, { type Test } from 'tap'
import { hashToken } from '../../src/http/tokens.ts'
import { setUpFault } from '../helpers/fault-service.ts'
import { callTool, connectMcp } from '../helpers/mcp.ts'
import { textOf, until } from '../helpers/service.ts'
import { KEEPING_AGENT, TOOLS_ON, withToolRun } from '../helpers/tool-run.ts'

/** A service with a token, and a run with one of its own. */
async function setUp(t: Test) {
  const { service, live, token } = await withToolRun(t)
  return { url: service.url, runId: live.runId, ofRun: token }
}

const VERSIONS: readonly (readonly [version: string, options: ClientOptions])[] = [
  ['2026-07-28', { versionNegotiation: { mode: { pin: '2026-07-28' } } }],
  ['2026-07-28', { versionNegotiation: { mode: 'auto' } }],
  ...['2025-11-25', '2025-06-18', '2025-03-26'].map((version): readonly [string, ClientOptions] => [
    version,
    { supportedProtocolVersions: [version] },
  ]),
]

t.test(
  'a client of each version of the protocol finds tools, calls them, and hears what is wrong',
  async (t) => {
    const { url, runId, ofRun } = await setUp(t)
    for (const [version, options] of VERSIONS) {
      const run = await connectMcp(t, url, ofRun, options)
      t.equal(run.getNegotiatedProtocolVersion(), version)
      t.equal(run.getServerVersion()?.name, 'looper')
      t.match(await callTool(run, 'run_info'), runId)
      const person = await connectMcp(t, url, null, options)
      for (const { name, description, inputSchema, annotations } of (await person.listTools()).tools) {
        t.equal(inputSchema.type, 'object', name)
        t.ok(description)
        t.equal(typeof annotations?.readOnlyHint, 'boolean')
      }
      t.match(await callTool(person, 'get_run', { run_id: runId }), runId)
      t.match(await callTool(person, 'get_run', { run_id: 'none' }), /^error: LOOPER_RUN_NOT_FOUND/)
      t.match(await callTool(person, 'get_run', {}), /^error: /, 'arguments that are none')
      await t.rejects(callTool(person, 'run_info'), /not found/)
    }
  },
)

t.test('all that a model reads of the tools takes 2,500 tokens at most, whoever it is', async (t) => {
  const scopes = ['read', 'answer', 'run', 'admin']
  const tokens = scopes.map((name) => ({ name, scope: name, sha256: hashToken(name) }))
  const settings = { LOOPER_TOKENS_FILE: path.join(t.testdirName, 'tokens.json') }
  const files = { 'tokens.json': JSON.stringify({ tokens }) }
  const { service, workspace } = await setUpFault(t, { ...TOOLS_ON, ...settings }, files)
  const asked = { zulip_message: 'a run', codex_prompt: KEEPING_AGENT, workspace }
  t.match(await service.post(asked, { authorization: 'Bearer run' }), { status: 200 })
  const kept = path.join(workspace, 'token')
  await until('its token', () => textOf(kept) !== '')
  const ofRun = textOf(kept)
  const counts: number[] = []
  for (const token of [...scopes, ofRun]) {
    const { tools } = await (await connectMcp(t, service.url, token)).listTools()
    counts.push(tools.length)
    const size = JSON.stringify(tools).length / 4
    t.ok(size <= 2500, `${token === ofRun ? 'a run' : token}: ${size} tokens, of about four characters`)
  }
  t.same(counts, [4, 5, 9, 10, 11], 'each is shown what it may use')
})
