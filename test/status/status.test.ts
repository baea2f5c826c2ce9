import t from 'tap'
import { codex } from '../../src/agents/codex.ts'
import type { Run } from '../../src/runs/run.ts'
import { statusOf } from '../../src/status/status.ts'
import { heartOf } from '../helpers/heart.ts'

t.test(
  'beside a survivor the newest run is the current one, and a log directory that is gone has no space',
  async (t) => {
    const heart = heartOf(t)
    const runs = ['survivor', 'newest'].map((prompt): Run => {
      const { runId, request } = heart.begin(prompt)
      const identity = { bootId: '', pid: 1, start: '' }
      return {
        ...request,
        runId,
        command: '',
        logPath: '',
        agent: identity,
        wrapper: identity,
        expectEnd: () => undefined,
        expectNoEnd: () => undefined,
        ended: Promise.withResolvers<never>().promise,
      }
    })
    const status = await statusOf({
      version: '1.2.3',
      startedAt: 0,
      agent: codex.name,
      runs: {
        live: () => runs,
        occupation: async () => ({ obstacle: 'live', agents: [1] }),
        occupant: () => null,
      },
      ledger: heart.ledger,
      autopoll: null,
      notice: () => ({ kind: 'log', route: null, problem: null, last: null }),
      logDir: '/no/such/directory',
      minFreeMb: 0,
    })
    t.equal(status.current?.run_id, runs[1]?.runId)
    t.match(status.disk, { free_mb: 0, ok: false })
  },
)
