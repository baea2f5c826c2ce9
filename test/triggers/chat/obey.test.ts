import t, { type Test } from 'tap'
import { systemClock } from '../../../src/base/clock.ts'
import { LooperError } from '../../../src/base/errors.ts'
import type { Said } from '../../../src/notices/ear.ts'
import { openLedger } from '../../../src/record/ledger.ts'
import type { Runs } from '../../../src/runs/runs.ts'
import { chatListener } from '../../../src/triggers/chat/listener.ts'
import { type ObeyDeps, obey } from '../../../src/triggers/chat/obey.ts'
import { defaultsOf, NOW, tellingRuns } from '../../helpers/app.ts'
import { heartOf } from '../../helpers/heart.ts'

const said = (text: string, more: Partial<Said> = {}): Said => ({
  kind: 'said',
  messageId: 7,
  person: { id: '8', name: 'chat:8 @Ada' },
  text,
  quotes: null,
  isToUs: true,
  place: 'here',
  at: NOW,
  ...more,
})

function setUp(t: Test, more: Partial<Runs> = {}) {
  const heart = heartOf(t)
  const { ledger } = heart
  const { runs, asked } = tellingRuns()
  const deps: ObeyDeps = {
    runs: { ...runs, ...more },
    ledger,
    clock: { ...systemClock, now: () => NOW },
    newRequestId: () => '0a1b2c3d',
    plain: (text) => text.replaceAll('@', ''),
    defaults: { ...defaultsOf(t), workspace: '/', prompt: { kind: 'text', text: 'the default prompt' } },
  }
  const say = (text: string, more: Partial<Said> = {}, life: Partial<ObeyDeps> = {}) =>
    obey(said(text, more), { ...deps, ...life })
  return { heart, ledger, say, asked, deps }
}

t.test('a run is asked for once a message, with the person on it', async (t) => {
  const { say, asked } = setUp(t)
  const { text, runId } = await say('run')
  t.strictSame({ text, runId }, { text: 'Run `run-1` begins.', runId: 'run-1' })
  t.match(asked, [
    {
      message: 'The default run\nAsked for by chat:8 Ada',
      caller: 'chat:8 @Ada',
      launch: { trigger: 'chat', prompt: 'the default prompt', workspace: '/' },
    },
  ])
  t.match(await say('run'), { runId: 'run-1' }, 'the same message, heard again')
  t.match(await say('run', { messageId: 8 }), { runId: 'run-2' })
  t.match(await say('run', { place: 'there' }), { runId: 'run-3' })
})

t.test('one that was begun when the service ended is not begun again', async (t) => {
  const { say, heart, ledger, asked } = setUp(t)
  const key = 'chat 7 here chat:8 @Ada'
  const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  ledger.claimKey({ key, requestHash: emptyHash, requestId: '0a1b2c3d', now: NOW, since: 0 })
  const { runId } = heart.begin('true', { requestId: '0a1b2c3d' })
  ledger.close()
  const next = openLedger(heart.dbPath, () => undefined)
  t.teardown(() => next.close())
  t.strictSame(await say('run', {}, { ledger: next }), {
    text: `Looper ended while it began run \`${runId}\`: it lives.`,
    runId,
  })
  t.strictSame(asked, [])
})

t.test('one that waits says how long', async (t) => {
  const held = {
    heldUntil: NOW + 60_000,
    until: NOW + 60_000,
    tryAt: NOW,
    tries: 0,
    runId: 'b',
    isTold: true,
    agent: 'codex',
    since: NOW,
    probe: null,
  }
  const { say } = setUp(t, {
    start: async () => ({ kind: 'waiting', runId: 'a', ahead: 2, held, done: new Promise(() => undefined) }),
  })
  t.match(await say('run x'), {
    text: 'Run `a` waits for its turn, 2 before it. It is held until 2026-01-02T03:05:05.000Z.',
  })
})

t.test('a launch under way is told as one, and what a stop leaves is named', async (t) => {
  const occupant = {
    requestId: 'a',
    runId: 'b',
    since: NOW,
    step: 'notice',
    footprint: null,
    calledOff: new AbortController(),
  } as const
  const { say, heart } = setUp(t, {
    slots: () => [{ slot: 'default', occupant, waiting: null, taken: true, live: [] }],
    stop: async () => ({ signalled: [], survivors: [5, 6] }),
  })
  t.strictSame(await say('status'), { text: 'default: a run is at the step notice', runId: null })
  const { runId } = heart.begin('true')
  t.match(await say(`stop ${runId}`), { text: `a run (\`${runId}\`): null. Still alive: 5, 6.`, runId })
})

t.test('a stop that is heard late does not stop what began after it was said', async (t) => {
  const stopped: string[] = []
  let live: ReturnType<Runs['live']> = []
  const { say, heart } = setUp(t, {
    live: () => live,
    async stop(runId) {
      stopped.push(runId)
      return { signalled: [], survivors: [] }
    },
  })
  const { runId } = heart.begin('true')
  const began = heart.ledger.find(runId)?.requestedAt ?? 0
  live = [{ runId, slot: 'default' } as ReturnType<Runs['live']>[number]]
  const life = { clock: { ...systemClock, now: () => began + 120_000 } }
  const late = await say('stop', { at: began - 120_000 }, life)
  t.match(late, { text: /^`[^`]+` began after that was said, and goes on/, runId })
  t.strictSame(stopped, [])
  await say('stop', { at: began - 5000 }, life)
  await say(`stop ${runId}`, { at: began - 120_000 }, life)
  t.strictSame(stopped, [runId, runId], 'clocks may be some seconds apart, and a run that is named is meant')
})

t.test('a run can be named by its beginning, if that is long enough', async (t) => {
  const id = '0123abcd-0000'
  const live = { runId: id, slot: 'docs' }
  const { say } = setUp(t, { live: () => [live as ReturnType<Runs['live']>[number]] })
  await t.rejects(say('stop 0123abcd'), { code: 'LOOPER_RUN_NOT_FOUND' }, 'it is that one')
  await t.rejects(say('stop docs'), { code: 'LOOPER_RUN_NOT_FOUND' })
  t.match(await say('stop 0123abc'), { text: 'Nothing runs in 0123abc.' })
})

t.test(
  'each message is answered once, also with why nothing was done; what could not be written is heard again',
  async (t) => {
    const { deps, asked } = setUp(t)
    const replies: string[] = []
    const listener = (more: Partial<ObeyDeps> = {}, isAnswered = false) =>
      chatListener(
        {
          isAnswered: () => isAnswered,
          plain: (text) => text,
          reply: (_to, text) => void replies.push(text),
        },
        { ...deps, ...more },
      )
    const hear = async (...life: Parameters<typeof listener>) => listener(...life).understand(said('run'))?.()
    t.equal(listener().understand(said('run', { isToUs: false })), null)
    t.equal(listener().understand({ ...said('run'), kind: 'reacted', sign: 1 }), null)
    await hear({}, true)
    t.strictSame({ replies, asked }, { replies: [], asked: [] }, 'it was answered before')
    const failing = (error: Error): Partial<ObeyDeps> => ({
      runs: { ...deps.runs, adopted: () => Promise.reject(error) },
    })
    for (const error of [new LooperError('LOOPER_LEDGER_UNWRITABLE', 'locked'), new Error('a bug')])
      await t.rejects(hear(failing(error)), error)
    t.strictSame(replies, [])
    await hear(failing(new LooperError('LOOPER_PROMPT_MISSING', 'no prompt')))
    t.match(replies, [/^no prompt\n./])
  },
)
