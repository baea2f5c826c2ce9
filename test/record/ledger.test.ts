import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { BUDGET_COLUMNS } from '../../src/record/budget.ts'
import { CHANGES_COLUMNS } from '../../src/record/changes.ts'
import { LedgerError } from '../../src/record/file.ts'
import { openLedger } from '../../src/record/ledger.ts'
import type { RunFinish, RunIntent } from '../../src/record/run-record.ts'
import { CHECK_COLUMNS } from '../../src/record/verify.ts'
import { WORKTREE_COLUMN } from '../../src/record/worktree.ts'
import { UNSAID } from '../helpers/agents.ts'
import { intentOf as anIntentOf } from '../helpers/record.ts'
import { PROJECT, textOf, until } from '../helpers/service.ts'

const intentOf = (runId: string, more: Partial<RunIntent> = {}) =>
  anIntentOf(runId, { workspace: '/my repo', prompt: "do 'this'\nand 🦊", timeoutMs: 60_000, ...more })

const END: RunFinish = {
  outcome: 'exited',
  returnCode: 0,
  cause: null,
  remedy: null,
  endedAt: 9_000,
  outputBytes: 12,
  tokensUsed: 1050,
}

/** What is known of what an agent said. */
const SAID = [
  'model',
  'session_id',
  'reply',
  'usage_input',
  'usage_cached',
  'usage_output',
  'usage_total',
  'cost_usd',
  'turns',
  'error_kind',
]

/** Takes back what came with the names of runs. */
const WITHOUT_NAMES = `DELETE FROM texts WHERE name = 'name'; DROP INDEX runs_failed; DROP INDEX runs_waiting; DROP INDEX runs_by_session; DROP TRIGGER runs_leave_sessions; DROP TABLE left_sessions; DROP TABLE outbox; DROP TABLE outbox_calls;
  DROP TABLE holds; DROP TABLE spending; DROP TRIGGER runs_move_asked; DROP INDEX runs_interrupted;
  ${[...CHECK_COLUMNS, ...BUDGET_COLUMNS, ...CHANGES_COLUMNS, WORKTREE_COLUMN, 'queue_place', 'if_running', 'asked', 'on_quota', 'interrupted', 'continued_by', 'silent_since', 'token_sha256'].map((name) => `ALTER TABLE runs DROP COLUMN ${name}`).join('; ')};
  DROP INDEX runs_by_slot; ALTER TABLE runs DROP COLUMN slot; ALTER TABLE runs DROP COLUMN shares_workspace;
  ALTER TABLE runs DROP COLUMN name; ALTER TABLE runs DROP COLUMN remedy; DROP TRIGGER runs_move_reply;
  ${SAID.map((name) => `ALTER TABLE runs DROP COLUMN ${name}`).join('; ')}`

/** A ledger in a directory of its own, and what it told. */
function setUp(test: Test) {
  const dir = test.testdir()
  const file = path.join(dir, 'looper.db')
  const told: string[] = []
  const open = () => {
    const ledger = openLedger(file, (message) => told.push(message))
    test.teardown(() => {
      try {
        ledger.close()
      } catch {
        // The test closed it.
      }
    })
    return ledger
  }
  return { dir, file, told, open }
}

/** Takes the right to write away, as another program at the file would. */
function lock(file: string) {
  const other = new DatabaseSync(file)
  other.exec('BEGIN EXCLUSIVE')
  return () => other.close()
}

t.test('every field comes back as it was written, step by step and after opening it again', async (t) => {
  const { open } = setUp(t)
  const ledger = open()
  ledger.begin(intentOf('one', { trigger: 'autopoll', timeoutMs: 1004.9999999999999, stallMs: 0.2 }))
  const begun = {
    ...intentOf('one', { trigger: 'autopoll', timeoutMs: 1005, stallMs: 0 }),
    seq: 1,
    isWaiting: false,
    announcedAt: null,
    notice: null,
    noticeId: null,
    noticeText: null,
    stoppedAt: null,
    stoppedPids: [],
    command: null,
    logPath: null,
    headerBytes: 0,
    launchedAt: null,
    agentIdentity: null,
    wrapperIdentity: null,
    mirroredBytes: 0,
    silentSince: null,
    nearAt: null,
    endedAt: null,
    outcome: null,
    returnCode: null,
    cause: null,
    remedy: null,
    outputBytes: null,
    tokensUsed: null,
    ...UNSAID,
  }
  t.strictSame(ledger.find('one'), begun)

  const announced = { announcedAt: 2_000, notice: 'OK message_id=42', noticeId: 42, noticeText: 'Hello' }
  ledger.step('one', announced)
  t.strictSame(ledger.find('one'), { ...begun, ...announced })
  const stopped = { stoppedAt: 3_000, stoppedPids: [11, 12] }
  ledger.step('one', stopped)
  const prepared = { command: 'codex exec', logPath: '/logs/a.log', headerBytes: 120, mirroredBytes: 120 }
  ledger.step('one', prepared)
  const launched = {
    launchedAt: 4_000,
    agentIdentity: { bootId: 'boot', pid: 21, start: '18446744073709551615' },
    wrapperIdentity: { bootId: 'boot', pid: 20, start: '100' },
  }
  ledger.step('one', launched)
  const silent = { silentSince: 5_000, nearAt: 6_000 }
  ledger.step('one', silent)
  const ended: RunFinish = { ...END, outcome: 'signaled', returnCode: -9, cause: 'x', remedy: 'do y' }
  ledger.finish('one', ended)

  const whole = { ...begun, ...announced, ...stopped, ...prepared, ...launched, ...silent, ...ended }
  t.strictSame(ledger.find('one'), whole)
  ledger.close()
  t.strictSame(open().find('one'), whole)
})

t.test('a run that nobody knows is null', async (t) => {
  t.equal(setUp(t).open().find('nobody'), null)
})

t.test('a new ledger is for its owner only, with what SQLite lays beside it', async (t) => {
  const { dir, open } = setUp(t)
  open().begin(intentOf('one'))
  const modes = readdirSync(dir)
    .sort()
    .map((name) => [name, statSync(path.join(dir, name)).mode & 0o777])
  t.same(
    modes,
    ['looper.db', 'looper.db-shm', 'looper.db-wal'].map((name) => [name, 0o600]),
  )
})

t.test('the path may be a link to a place where there is none yet', async (t) => {
  const { dir, file, open } = setUp(t)
  symlinkSync('elsewhere.db', file)
  open().begin(intentOf('one'))
  t.equal(statSync(path.join(dir, 'elsewhere.db')).mode & 0o777, 0o600)
})

t.test('lists are newest first and as long as asked for; the unfinished come oldest first', async (t) => {
  const ledger = setUp(t).open()
  for (const id of ['a', 'b', 'c', 'd']) ledger.begin(intentOf(id))
  ledger.finish('b', END)
  const idsOf = (runs: readonly { runId: string }[]) => runs.map(({ runId }) => runId)
  t.strictSame(idsOf(ledger.list({ limit: 50 })), ['d', 'c', 'b', 'a'])
  t.strictSame(idsOf(ledger.list({ limit: 2 })), ['d', 'c'])
  t.strictSame(idsOf(ledger.unfinished()), ['a', 'c', 'd'])
  t.strictSame([...ledger.ended()], [{ runId: 'b', logPath: null, endedAt: 9_000 }])
})

t.test('a run ends once: a later end changes nothing', async (t) => {
  const ledger = setUp(t).open()
  ledger.begin(intentOf('a'))
  ledger.finish('a', { ...END, outcome: 'replaced', returnCode: -2, cause: 'replaced by run b' })
  ledger.finish('a', END)
  t.match(ledger.find('a'), { outcome: 'replaced', returnCode: -2, cause: 'replaced by run b' })
})

t.test('launches are counted for each trigger from a moment on', async (t) => {
  const ledger = setUp(t).open()
  for (const [id, trigger, launchedAt] of [
    ['a', 'autopoll', 1_000],
    ['b', 'autopoll', 2_000],
    ['c', 'http', 3_000],
    ['d', 'autopoll', 4_000],
  ] as const) {
    ledger.begin(intentOf(id, { trigger }))
    ledger.step(id, { launchedAt })
  }
  ledger.begin(intentOf('never launched', { trigger: 'autopoll' }))
  t.equal(ledger.launchedSince('autopoll', 2_000), 2)
  t.equal(ledger.launchedSince('http', 0), 1)
  t.equal(ledger.launchedSince('http', 5_000), 0)
})

t.test('a note is null until it is set, and the last one stays', async (t) => {
  const { open } = setUp(t)
  const ledger = open()
  t.equal(ledger.note('pause'), null)
  ledger.setNote('pause', 'a')
  ledger.setNote('pause', 'b')
  ledger.close()
  t.equal(open().note('pause'), 'b')
})

t.test('a hundred rows can be removed one by one, and no number is given twice', async (t) => {
  const ledger = setUp(t).open()
  for (let i = 0; i < 100; i++) {
    ledger.begin(intentOf(`run ${i}`))
    ledger.finish(`run ${i}`, END)
  }
  const ended = [...ledger.ended()]
  t.equal(ended.length, 100)
  for (const { runId } of ended) ledger.remove(runId)
  t.strictSame(ledger.list({ limit: 500 }), [])
  ledger.begin(intentOf('the next'))
  t.equal(ledger.find('the next')?.seq, 101)
})

t.test('where it cannot be written, no run begins, and steps wait until they can be written', async (t) => {
  const { open, file, told } = setUp(t)
  const ledger = open()
  ledger.begin(intentOf('a'))
  const unlock = lock(file)
  t.throws(() => ledger.begin(intentOf('b')), {
    code: 'LOOPER_LEDGER_UNWRITABLE',
    status: 500,
    message: 'cannot write the ledger: database is locked',
  })
  ledger.step('a', { mirroredBytes: 10 })
  ledger.step('a', { mirroredBytes: 20 })
  ledger.finish('a', END)
  t.strictSame(told, ['cannot write the ledger, its steps wait: database is locked'], 'told once')
  t.match(ledger.find('a'), { mirroredBytes: 20, outcome: 'exited' }, 'whoever reads sees what waits')
  t.match(ledger.list({ limit: 1 }), [{ mirroredBytes: 20, outcome: 'exited' }])
  t.strictSame(ledger.unfinished(), [], 'what ended is not taken for live')
  ledger.finish('a', { ...END, returnCode: 3 })
  t.match(ledger.find('a'), { returnCode: 0 }, 'a run ends once')
  ledger.setNote('any', 'step')
  t.equal(ledger.note('any'), 'step')

  unlock()
  const other = new DatabaseSync(file)
  t.teardown(() => other.close())
  const written = () => other.prepare('SELECT mirrored_bytes, outcome FROM runs').all()
  await until('it is written though nothing else happens', () => written()[0]?.outcome === 'exited')
  t.strictSame({ ...written()[0] }, { mirrored_bytes: 20, outcome: 'exited' })
  t.equal(ledger.find('b'), null)

  const lockAgain = lock(file)
  ledger.step('a', { mirroredBytes: 30 })
  t.equal(told.length, 2, 'the next time is told anew')
  lockAgain()
  ledger.close()
  t.match(open().find('a'), { mirroredBytes: 30 }, 'what waits at the end is written then')
})

t.test('a write that can never succeed is dropped and told, and holds up nobody', async (t) => {
  const { open, told, file } = setUp(t)
  const ledger = open()
  for (const id of ['a', 'b']) ledger.begin(intentOf(id))
  ledger.step('a', { headerBytes: 1.5 })
  ledger.finish('a', END)
  ledger.finish('b', END)
  t.match(told, [
    /^a write to the ledger can never succeed, and is dropped \(run a\): cannot store REAL value/,
  ])
  t.match(ledger.list({ limit: 2 }), [{ outcome: 'exited' }, { outcome: 'exited' }])

  const unlock = lock(file)
  ledger.step('b', { mirroredBytes: 1 })
  ledger.step('a', { headerBytes: 2.5 })
  ledger.step('a', { mirroredBytes: 2 })
  const settled = ledger.settle(5000)
  await ledger.settle(0)
  unlock()
  await settled
  t.equal(told.length, 4, 'also where it had to wait')
  t.equal(told[2], 'the ledger cannot be written; it does not yet tell all of run b, run a')
  t.match(ledger.list({ limit: 2 }), [{ mirroredBytes: 1 }, { mirroredBytes: 2 }])
  ledger.setNote('one', 'text')
  t.equal(ledger.note('one'), 'text')
})

for (const number of [1e20, 2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -1e300]) {
  t.test(`a number from outside that is none that can be kept is not known: ${number}`, async (t) => {
    const { open, told } = setUp(t)
    const ledger = open()
    ledger.begin(intentOf('a'))
    ledger.step('a', { announcedAt: 2000, notice: 'OK', noticeId: number })
    ledger.finish('a', { ...END, tokensUsed: number, outputBytes: number, returnCode: number })
    t.match(ledger.find('a'), {
      ...{ announcedAt: 2000, notice: 'OK', noticeId: null, outcome: 'exited', endedAt: END.endedAt },
      ...{ tokensUsed: null, outputBytes: null, returnCode: null },
    })
    t.strictSame(told, [])
  })
}

t.test('long texts are kept whole, and lie where a list of runs does not pass over them', async (t) => {
  const { open, file } = setUp(t)
  const ledger = open()
  const long = '🦊 long\n'.repeat(100_000)
  ledger.begin(intentOf('a', { prompt: long }))
  ledger.begin(intentOf('b', { prompt: '' }))
  ledger.step('a', { command: `codex ${long}`, noticeText: `notice ${long}` })
  t.strictSame(
    [ledger.find('a'), ledger.unfinished()[0]].map((run) => [run?.prompt, run?.command, run?.noticeText]),
    Array(2).fill([long, `codex ${long}`, `notice ${long}`]),
  )
  t.match(ledger.find('b'), { prompt: '', command: null, noticeText: null })
  ledger.step('a', { noticeText: 'short' })
  t.match(ledger.find('a'), { prompt: long, noticeText: 'short' })

  const other = new DatabaseSync(file)
  t.teardown(() => other.close())
  const held = 'SELECT max(length(prompt), length(command), length(notice_text)) AS longest FROM runs'
  t.match(other.prepare(held).get(), { longest: 5 })
  ledger.remove('a')
  t.match(other.prepare('SELECT count(*) AS count FROM texts').get(), { count: 0 })
})

t.test('runs of an earlier version are named by their notices, else by their prompts', async (t) => {
  const { open, file } = setUp(t)
  const before = open()
  const long = `${' \n'.repeat(500)}a long prompt\n${'x'.repeat(1_000_000)}`
  before.begin(intentOf('noticed', { prompt: long }))
  before.step('noticed', { noticeText: '\u001b[2J\n Nightly \nfix' })
  before.begin(intentOf('prompted', { prompt: 'short\nprompt' }))
  before.begin(intentOf('blank', { prompt: ' \n ' }))
  before.close()
  const older = new DatabaseSync(file)
  // Where an older Looper left them.
  older.exec(`DROP TRIGGER runs_move_prompt; ${WITHOUT_NAMES}; DELETE FROM texts; PRAGMA user_version = 7`)
  older.prepare("UPDATE runs SET prompt = ? WHERE run_id = 'noticed'").run(long)
  older
    .prepare(
      `INSERT INTO runs (run_id, request_id, trigger, agent, workspace, prompt, binary, timeout_ms, stall_ms, requested_at)
      VALUES ('long', 'abc', 'autopoll', 'codex', '/w', ?, '/b', 0, 0, 0)`,
    )
    .run(long)
  older.close()
  const ledger = open()
  ledger.begin(intentOf('new', { name: 'as it is given' }))
  const named = Object.fromEntries(ledger.list({ limit: 9 }).map(({ runId, name }) => [runId, name]))
  t.strictSame(named, {
    new: 'as it is given',
    long: 'a long prompt',
    blank: '0a1b2c3d',
    prompted: 'short',
    noticed: 'Nightly',
  })
  t.equal(ledger.find('long')?.name, 'a long prompt')
  t.match(ledger.find('noticed'), { prompt: long, name: 'Nightly' })
  ledger.remove('long')
  const looked = new DatabaseSync(file)
  t.teardown(() => looked.close())
  t.match(looked.prepare("SELECT count(*) AS count FROM texts WHERE run_id = 'long'").get(), { count: 0 })
})

t.test('numbers that an earlier version wrote, and that cannot be read, are not known', async (t) => {
  const { open, file } = setUp(t)
  const ledger = open()
  for (const id of ['a', 'b']) ledger.begin(intentOf(id))
  ledger.close()
  const other = new DatabaseSync(file)
  other.exec(`UPDATE runs SET tokens_used = 9007199254740992, notice_id = -9223372036854775808,
    return_code = 9223372036854775807 WHERE run_id = 'a'; ${WITHOUT_NAMES}; PRAGMA user_version = 5`)
  other.close()
  t.match(open().list({ limit: 2 }), [{ runId: 'b' }, { tokensUsed: null, noticeId: null, returnCode: null }])
})

t.test(
  'a run that an earlier version put on the record without a name is called by its request',
  async (t) => {
    const { open, file } = setUp(t)
    const ledger = open()
    ledger.begin(intentOf('a'))
    const other = new DatabaseSync(file)
    other.exec("UPDATE runs SET name = NULL WHERE run_id = 'a'")
    other.close()
    t.match(ledger.list({ limit: 1 }), [{ runId: 'a', name: '0a1b2c3d' }])
  },
)

t.test('an end that waits behind another one changes nothing for whoever reads', async (t) => {
  const { open, file } = setUp(t)
  const ledger = open()
  ledger.begin(intentOf('a'))
  const replaced = {
    outcome: 'replaced',
    returnCode: -2,
    cause: 'replaced by run b',
    tokensUsed: null,
  } as const
  ledger.finish('a', { ...END, ...replaced })
  const unlock = lock(file)
  ledger.finish('a', END)
  ledger.step('a', { mirroredBytes: 20 })
  t.match(ledger.find('a'), { ...replaced, mirroredBytes: 20 })
  t.match(ledger.list({ limit: 1 }), [{ outcome: 'replaced' }])
  unlock()
  await ledger.settle(5000)
  t.match(ledger.find('a'), { ...replaced, mirroredBytes: 20 })
})

t.test(
  'a step for which the table has no place is dropped and told, and the end is on the record',
  async (t) => {
    const { open, file, told } = setUp(t)
    const ledger = open()
    ledger.begin(intentOf('a'))
    const other = new DatabaseSync(file)
    other.exec('ALTER TABLE runs DROP COLUMN notice_id')
    other.close()
    ledger.step('a', { noticeId: 7 })
    ledger.finish('a', END)
    t.match(told, [/^a write to the ledger can never succeed, and is dropped \(run a\): no such column/])
    t.match(ledger.find('a'), { outcome: 'exited' })
  },
)

t.test('an answer that waits to be written is given all the same', async (t) => {
  const { open, file } = setUp(t)
  const ledger = open()
  const asked = { key: 'k', requestHash: 'h', requestId: 'r', now: 1, since: 0 }
  t.strictSame(ledger.claimKey(asked), { kind: 'new' })
  const unlock = lock(file)
  ledger.answerKey('k', { status: 200, body: '{}' })
  unlock()
  t.match(ledger.claimKey(asked), { kind: 'answered', status: 200 })
})

t.test('nobody waits for a lock; who must write now is told when there is none', async (t) => {
  const { open, file } = setUp(t)
  const ledger = open()
  const unlock = lock(file)
  const begin = performance.now()
  ledger.setNote('any', 'text')
  t.throws(() => ledger.begin(intentOf('a')), { code: 'LOOPER_LEDGER_UNWRITABLE' })
  t.ok(performance.now() - begin < 1000, 'SQLite would wait for seconds')
  const waits = ledger.unlocked()
  const writable = ledger.assertWritable()
  unlock()
  await waits
  await writable
  ledger.begin(intentOf('a'))
  t.match(ledger.find('a'), { outcome: null })
})

t.test('a lock that lasts is not waited for without end', async (t) => {
  const { file } = setUp(t)
  let now = 0
  const clock = {
    monotonic: () => now,
    sleep: async (ms: number) => {
      now += ms
    },
  }
  const told: string[] = []
  const ledger = openLedger(file, (message) => told.push(message), clock)
  t.teardown(() => ledger.close())
  ledger.begin(intentOf('a'))
  const unlock = lock(file)
  await ledger.unlocked()
  t.ok(now >= 5000 && now < 6000, `${now}`)
  await t.rejects(ledger.assertWritable(), { code: 'LOOPER_LEDGER_UNWRITABLE' })
  now = 0
  ledger.finish('a', END)
  ledger.setNote('one', 'text')
  await ledger.settle(3000)
  t.ok(now >= 3000 && now < 4000, `${now}`)
  t.equal(told.at(-1), 'the ledger cannot be written; it does not yet tell all of run a, note one')
  unlock()
  await ledger.settle(0)
})

t.test('of what waits for a run, only the latest of each kind is kept', async (t) => {
  const { open, file } = setUp(t)
  const ledger = open()
  for (const id of ['a', 'b']) ledger.begin(intentOf(id))
  const unlock = lock(file)
  ledger.step('a', { mirroredBytes: 1 })
  ledger.step('b', { mirroredBytes: 2 })
  unlock()
  ledger.close()
  t.match(open().list({ limit: 2 }), [{ mirroredBytes: 2 }, { mirroredBytes: 1 }])
})

t.test('a file that is no database is set aside with its companions and told', async (t) => {
  const { dir, file, told, open } = setUp(t)
  for (const part of ['', '-wal', '-shm']) writeFileSync(file + part, `garbage${part}`.repeat(1000))
  const ledger = open()
  t.match(told, [
    /^the ledger was broken \(file is not a database\); it is set aside as .*, and a new one begins$/,
  ])
  const aside = /set aside as (.*), and/.exec(told[0] ?? '')?.[1] ?? ''
  t.equal(path.dirname(aside), dir)
  t.match(path.basename(aside), /^looper\.db\.broken-\d{4}-\d\d-\d\dT[\d.-]+Z$/)
  t.equal(readFileSync(aside, 'utf8'), 'garbage'.repeat(1000))
  ledger.begin(intentOf('a'))
  ledger.close()
  const others = readdirSync(dir).filter(
    (name) => name !== 'looper.db' && !name.startsWith('looper.db.broken-'),
  )
  t.strictSame(others, [], 'no companion of the old one is left beside the new one')
  t.equal(open().list({ limit: 9 }).length, 1)
  t.equal(told.length, 1, 'the new one is sound')
})

/** A ledger of many pages, closed. */
function fill({ open }: ReturnType<typeof setUp>, rows = 60) {
  const ledger = open()
  for (let i = 0; i < rows; i++) ledger.begin(intentOf(`run ${i}`, { prompt: 'x'.repeat(3000) }))
  ledger.close()
}

t.test('a database that was cut off is set aside, wherever the cut is', async (t) => {
  for (const part of [0.1, 0.5, 0.95]) {
    await t.test(`at ${part}`, async (t) => {
      const place = setUp(t)
      fill(place)
      truncateSync(place.file, Math.floor(statSync(place.file).size * part))
      const ledger = place.open()
      await ledger.check()
      t.strictSame(ledger.list({ limit: 100 }), [])
      t.match(place.told, [/^the ledger was broken \(.*\); it is set aside/])
      t.equal(readdirSync(place.dir).filter((name) => name.includes('.broken-')).length, 1)
    })
  }
})

for (const [size, rows] of Object.entries({ small: 60, large: 600 })) {
  t.test(
    `damage in the middle of a ${size} file is found by the check, and a new ledger begins`,
    async (t) => {
      const place = setUp(t)
      fill(place, rows)
      const bytes = readFileSync(place.file)
      bytes.fill(0x5a, bytes.length / 2, bytes.length / 2 + 8192)
      writeFileSync(place.file, bytes)
      const ledger = place.open()
      await ledger.check()
      t.strictSame(ledger.list({ limit: 100 }), [])
      t.match(place.told, [/^the ledger was broken \(/])
      ledger.begin(intentOf('a'))
      ledger.close()
      t.match(place.open().list({ limit: 9 }), [{ runId: 'a' }], 'what is written goes into the new one')
    },
  )
}

t.test('a sound ledger is left as it is by the check, also while it is written', async (t) => {
  const place = setUp(t)
  fill(place, 600)
  const ledger = place.open()
  const checked = ledger.check()
  ledger.begin(intentOf('meanwhile'))
  await checked
  t.equal(ledger.list({ limit: 1000 }).length, 601)
  t.strictSame(place.told, [])
})

t.test('a ledger that became no database at all is set aside by the check', async (t) => {
  const { file, told, open } = setUp(t)
  const ledger = open()
  const other = new DatabaseSync(file)
  other.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  other.close()
  writeFileSync(file, 'garbage'.repeat(1000))
  await ledger.check()
  t.match(told, [/^the ledger was broken \(file is not a database\)/])
  ledger.begin(intentOf('a'))
  t.equal(ledger.list({ limit: 9 }).length, 1)
})

t.test('a ledger that cannot be checked is told', async (t) => {
  const { file, told, open } = setUp(t)
  const ledger = open()
  rmSync(file)
  await ledger.check()
  t.match(told, [/^cannot check the ledger: ENOENT/])
})

t.test('a ledger of a newer Looper is refused and left as it is', async (t) => {
  const { dir, file, told, open } = setUp(t)
  const newer = new DatabaseSync(file)
  newer.exec('PRAGMA user_version = 99')
  newer.close()
  t.throws(open, {
    constructor: LedgerError,
    message:
      /was made by a newer Looper \(version 99, this one knows \d+\); update Looper, or set LOOPER_DB_PATH$/,
  })
  t.strictSame(told, [])
  t.notOk(readdirSync(dir).some((name) => name.includes('broken')))
})

t.test('a database of something else is refused and left as it is', async (t) => {
  const { file, told, open } = setUp(t)
  const other = new DatabaseSync(file)
  other.exec('CREATE TABLE recipes (name TEXT); PRAGMA user_version = 1')
  other.close()
  t.throws(open, {
    constructor: LedgerError,
    message: /^cannot open the ledger .*: no such table: runs; fix it/,
  })
  t.strictSame(told, [])
})

t.test('a file that was removed or replaced takes no new run, so that none is lost unseen', async (t) => {
  const { file, open } = setUp(t)
  const ledger = open()
  ledger.begin(intentOf('a'))
  const refusal = { code: 'LOOPER_LEDGER_UNWRITABLE', message: /was removed or replaced; restart Looper$/ }
  rmSync(file)
  t.throws(() => ledger.begin(intentOf('b')), refusal)
  writeFileSync(file, '')
  t.throws(() => ledger.begin(intentOf('b')), refusal)
})

t.test('a directory at its path is refused with what to do', async (t) => {
  const { file, open } = setUp(t)
  mkdirSync(file)
  t.throws(open, {
    constructor: LedgerError,
    message: `cannot open the ledger ${file}: it is not a file; move it away, or set LOOPER_DB_PATH`,
  })
})

t.test('a ledger that another program locks is no wrong setting, and not set aside', async (t) => {
  const { dir, file, open } = setUp(t)
  open().close()
  const unlock = lock(file)
  try {
    open()
    t.fail('it opened')
  } catch (error) {
    t.notOk(error instanceof LedgerError, 'it may be tried again')
    t.match(error, { message: /^cannot open the ledger .*: database is locked; try again$/ })
  }
  unlock()
  t.strictSame(readdirSync(dir), ['looper.db'])
  t.strictSame(open().list({ limit: 1 }), [])
})

t.test('what was written is there after its writer was killed in the middle of writing', async (t) => {
  const { dir, file, open, told } = setUp(t)
  const program = `
    const { openLedger } = await import(${JSON.stringify(path.join(PROJECT, 'src/record/ledger.ts'))})
    const { appendFileSync } = await import('node:fs')
    const ledger = openLedger(${JSON.stringify(file)}, console.error)
    const intent = ${JSON.stringify(intentOf(''))}
    for (let i = 0; ; i++) {
      ledger.begin({ ...intent, runId: 'run ' + i })
      ledger.step('run ' + i, { launchedAt: i })
      appendFileSync(${JSON.stringify(path.join(dir, 'written'))}, i + '\\n')
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' })
  const exit = once(child, 'exit')
  t.teardown(() => child.kill('SIGKILL'))
  const written = () => textOf(path.join(dir, 'written')).split('\n').length - 1
  await until('some writes', () => written() > 200)
  child.kill('SIGKILL')
  await exit

  const count = written()
  const ledger = open()
  const runs = ledger.list({ limit: 1_000_000 }).reverse()
  t.ok(runs.length >= count && runs.length <= count + 1, `${runs.length} of ${count}`)
  for (const [i, run] of runs.slice(0, count).entries()) {
    if (run.runId !== `run ${i}` || run.launchedAt !== i) t.fail(`run ${i} is not what was written`)
  }
  t.strictSame(told, [])
})

t.test('a trigger of another version counts as a request', async (t) => {
  const { file, open } = setUp(t)
  const ledger = open()
  ledger.begin(intentOf('a'))
  const other = new DatabaseSync(file)
  other.exec("UPDATE runs SET trigger = 'carrier pigeon'")
  other.close()
  t.match(ledger.find('a'), { trigger: 'http' })
})
