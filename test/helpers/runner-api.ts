import path from 'node:path'
import type { Test } from 'tap'
import { Value } from 'typebox/value'
import { Type } from '../../src/base/schema.ts'
import { RunnerConfig } from '../../src/triggers/loop/runner-api/config.ts'
import type { RunnerEvent } from '../../src/triggers/loop/runner-api/events.ts'
import { RunnerHistory, RunnerState } from '../../src/triggers/loop/runner-api/state.ts'
import { openEvents } from './events.ts'
import { SCRIPT, setUpLoops } from './loop-service.ts'
import { until } from './service.ts'

const Whole = Type.Object({ state: RunnerState, config: RunnerConfig })

/** What is asked of Loop Runner's API, with a JSON body where there is one. */
export interface Asking {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** A service whose standard agent is a script in the workspace, and the API of Loop Runner on it. */
export async function setUpRunner(t: Test, script: string, settings: NodeJS.ProcessEnv = {}) {
  const dir = t.testdirName
  const loops = await setUpLoops(t, script, {
    LOOPER_OPENCODE_BINARY: path.join(dir, 'no-such-program'),
    LOOPER_WORKSPACE: path.join(dir, 'workspace'),
    ...settings,
  })
  const at = (what: string) => `${loops.service().url}/api/${what}`

  async function api(what: string, { body, method, headers = {} }: Asking = {}) {
    const answer = await fetch(at(what), {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false
    return { status: answer.status, body: isJson ? JSON.parse(text) : text, headers: answer.headers }
  }

  return {
    ...loops,
    at,
    api,
    post: (what: string, body?: unknown) => api(what, { method: 'POST', body }),
    /** The script as what is to be done, without a wait, and what else is said. */
    config: (more: object = {}) => api('config', { body: { user: SCRIPT, interval: 0, ...more } }),
    state: async () => Value.Parse(Whole, (await api('state')).body),
    history: async () => Value.Parse(RunnerHistory, (await api('history')).body),
    async untilRests() {
      await until('the loop rests', async () => !Value.Parse(Whole, (await api('state')).body).state.running)
    },
    /** All events from now on, as they come. */
    async listen(headers: Record<string, string> = {}) {
      const stream = await openEvents(at('events'), headers)
      t.teardown(() => stream.close())
      const seen: RunnerEvent[] = []
      const frames: { event: string; id: string }[] = []
      const ended = (async () => {
        for await (const { event, id, data } of stream.events) {
          frames.push({ event, id })
          if (event !== ':') seen.push(JSON.parse(data))
        }
      })()
      await until('it is connected', () => stream.status !== 200 || seen.length > 0)
      return {
        ...stream,
        seen,
        frames,
        ended,
        types: () => seen.map(({ type }) => type),
        untilSeen: (type: RunnerEvent['type'], times = 1) =>
          until(`${type} comes`, () => seen.filter((one) => one.type === type).length >= times),
      }
    },
  }
}
