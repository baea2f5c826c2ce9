import t from 'tap'
import { checkStopOnly, whereSomethingRuns } from '../../src/runs/go-on.ts'
import { IF_RUNNING } from '../../src/runs/run.ts'

const live = { liveIn: (slot: string) => (slot === 'default' ? { runId: 'run-a', workspace: '/ws' } : null) }
const body = { zulip_message: 'hello' }

t.test('who goes on in what runs resumes that run, where it works', async (t) => {
  t.same(whereSomethingRuns({ ...body, if_running: 'resume' }, live), {
    ifRunning: 'resume',
    body: { ...body, if_running: 'resume', resume: 'run-a', workspace: '/ws' },
  })
  const own = { ...body, if_running: 'resume', resume: 'run-a', workspace: '/other' } as const
  t.match(whereSomethingRuns(own, live), { body: { resume: 'run-a', workspace: '/other' } })
  t.throws(() => whereSomethingRuns({ ...own, resume: 'run-b' }, live), {
    code: 'LOOPER_FIELD_INVALID',
    message: /names another run than the one that runs, run-a/,
  })
})

t.test('where nothing runs, and in all other ways, a request is as it was', async (t) => {
  const idle = { ...body, slot: 'other', if_running: 'resume' } as const
  t.same(whereSomethingRuns(idle, live), { ifRunning: 'resume', body: idle })
  t.same(whereSomethingRuns(body, live), { ifRunning: 'replace', body })
})

t.test('what launches nothing neither waits nor goes on', async (t) => {
  for (const ifRunning of IF_RUNNING) {
    if (ifRunning === 'replace' || ifRunning === 'skip') t.doesNotThrow(() => checkStopOnly(ifRunning))
    else t.throws(() => checkStopOnly(ifRunning), { code: 'LOOPER_FIELD_INVALID' }, ifRunning)
  }
})
