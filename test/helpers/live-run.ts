import { mkdirSync, readdirSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import type { Test } from 'tap'
import { type LoopbackZulip, startLoopbackZulip } from '../fixtures/loopback-zulip.ts'
import { carriers, runIdOf } from './processes.ts'
import { PROJECT, startTestService, type TestService, textOf, until } from './service.ts'

/** The scripted agent. */
export const FAKE_CODEX = path.join(PROJECT, 'test/fixtures/codex')

/** An answer, as it came. */
export interface RawAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

/** What is sent; nothing is added to it but the length. */
export interface RawRequest {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer | object
  /** The address it comes from, one of loopback. */
  readonly from?: string
}

/** A service with a run that lives, and what an attacker needs. */
export interface Target {
  readonly service: TestService
  readonly zulip: LoopbackZulip
  readonly dir: string
  /** Where workspaces may lie. */
  readonly root: string
  /** The one in it. */
  readonly workspace: string
  readonly live: { readonly runId: string; readonly log: string; readonly pid: number }
  /** Sends one request over a connection of its own. */
  send(request: RawRequest): Promise<RawAnswer>
  /** `POST /run` with a body that would launch, changed by these fields. */
  run(fields?: object, headers?: Record<string, string>): Promise<RawAnswer>
  /**
   * Asserts that the live run, its log, the record and the notices are as they were; or, for what was announced and
   * refused only then, that all of it is and the refused run stands before it as never started.
   */
  untouched(test: Test, after: string, options?: { isOnRecord?: boolean }): Promise<void>
  serverLog(): string
}

/** What the live run does: a line, then nothing for as long as any test lasts. */
const LIVE_PROMPT = 'echo alive; sleep 300; echo never'
/** What an attack would leave behind if it ran. */
export const MARKER = 'attacked'

/** Starts a service with the scripted agent and a loopback Zulip, and a run that lives. */
export async function startTarget(
  test: Test,
  settings: NodeJS.ProcessEnv = {},
  {
    prompt = LIVE_PROMPT,
    headers = {},
    files = {},
    folders = [],
  }: {
    prompt?: string
    headers?: Record<string, string>
    files?: Record<string, string>
    folders?: readonly string[]
  } = {},
): Promise<Target> {
  const dir = test.testdir({ root: { workspace: {} }, logs: {}, ...files })
  const root = path.join(dir, 'root')
  for (const folder of folders) mkdirSync(path.join(dir, folder), { recursive: true })
  const workspace = path.join(root, 'workspace')
  const zulip = await startLoopbackZulip()
  test.teardown(() => zulip.close())
  const service = await startTestService(path.join(dir, 'logs'), {
    LOOPER_HOST: '127.0.0.1',
    CODEX_EXEC_BINARY: FAKE_CODEX,
    LOOPER_WORKSPACE_ROOTS: root,
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
    ...settings,
  })
  test.teardown(() => service.stop())

  const begun = await service.post(
    { zulip_message: 'the live run', codex_prompt: prompt, workspace },
    headers,
  )
  const result = begun.body.codex_exec_result
  if (!result) throw new Error(`the live run did not begin: ${JSON.stringify(begun)}`)
  const live = { runId: runIdOf(result.command), log: result.log_path, pid: result.pid }
  await until(
    'the live run is up',
    () => /^alive$/m.test(textOf(live.log)) && carriers(live.runId).length === 2,
  )

  const send = (request: RawRequest) => sendRaw(service.url, request)
  const serverLog = () => textOf(path.join(service.logDir, 'looper-server.log'))
  const state = async () => ({
    processes: carriers(live.runId).sort(),
    log: textOf(live.log),
    runs: JSON.parse((await send({ path: '/runs?limit=500', headers })).text),
    logs: readdirSync(service.logDir).sort(),
    files: readdirSync(dir).sort(),
    workspace: readdirSync(workspace),
    notices: zulip.messages.length,
  })
  const before = await state()

  return {
    service,
    zulip,
    dir,
    root,
    workspace,
    live,
    send,
    serverLog,
    run: (fields = {}, more = {}) =>
      send({
        method: 'POST',
        path: '/run',
        headers: { 'content-type': 'application/json', ...headers, ...more },
        body: { zulip_message: 'an attack', codex_prompt: `touch ${MARKER}`, workspace, ...fields },
      }),
    async untouched(test, after, { isOnRecord = false } = {}) {
      const now = await state()
      if (!isOnRecord) return void test.strictSame(now, before, `untouched after ${after}`)
      const { runs } = now.runs
      test.match(runs[0], { outcome: 'failed_to_start', pid: null }, 'the refused one is on the record')
      const rest = { processes: now.processes, log: now.log, workspace: now.workspace, run: runs.slice(1) }
      const { processes, log, workspace } = before
      test.strictSame(rest, { processes, log, workspace, run: before.runs.runs }, `untouched after ${after}`)
    },
  }
}

/** Sends one request over a connection of its own. */
export function sendRaw(
  url: string,
  { method = 'GET', path = '/', headers = {}, body, from }: RawRequest,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const bytes =
    body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        hostname,
        port,
        method,
        path,
        agent: false,
        headers: { ...lengthOf(bytes, headers), ...headers },
        ...(from === undefined ? {} : { localAddress: from }),
      },
      async (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          text += chunk
        })
        response.once('error', reject)
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
      },
    )
    request.once('error', reject)
    request.end(bytes)
  })
}

function lengthOf(
  bytes: string | Buffer | undefined,
  headers: Record<string, string>,
): Record<string, number> {
  if (bytes === undefined || 'transfer-encoding' in headers) return {}
  return { 'content-length': Buffer.byteLength(bytes) }
}

/** Writes these bytes to a fresh connection; resolves with all that came back once the service has closed it. */
export function exchange(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    let text = ''
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes))
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      text += chunk
    })
    // A reset is a way of closing, too; what counts is what came before.
    socket.on('error', () => undefined)
    socket.once('close', () => resolve(text))
  })
}

/** The body of a failing answer. */
export function failureOf({ status, text }: RawAnswer): { status: number; code: string; error: string } {
  const { code, error } = JSON.parse(text)
  return { status, code, error }
}
