import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { codex } from '../../src/agents/codex/codex.ts'
import { redactor } from '../../src/logging/redact.ts'
import { type ExplainDeps, explain } from '../../src/runs/explain.ts'
import type { RunEnd } from '../../src/runs/outcome.ts'
import { exhaustDescriptors } from '../helpers/shortage.ts'

const EXITED: RunEnd = { outcome: 'exited', returnCode: 1, cause: null }
const LATE: RunEnd = {
  outcome: 'timed_out',
  returnCode: -15,
  cause: 'it ran for 60 s',
  remedy: 'Allow more.',
}
const HEADER = '# looper_request_id=0a1b2c3d\n# workspace=/w\n# command=codex exec\n\n'

/** Explains an end from a log that holds this output. */
function setUp(test: Test, more: Partial<ExplainDeps> = {}) {
  const log = path.join(test.testdir(), 'run.log')
  const deps = { env: () => ({}), ...more }
  const at = (end: RunEnd, output: string | Buffer) => {
    const trailer = `\n# codex_exec_return_code=${end.returnCode}\n`
    writeFileSync(log, Buffer.concat([Buffer.from(HEADER), Buffer.from(output), Buffer.from(trailer)]))
    return explain(end, log, 0, codex, deps)
  }
  return { at, log, deps }
}

t.test('only who failed is asked why', async (t) => {
  const { at } = setUp(t)
  const words = 'ERROR: unexpected status 401 Unauthorized\n'
  t.strictSame(at(EXITED, words), {
    outcome: 'exited',
    returnCode: 1,
    cause: 'unexpected status 401 Unauthorized',
    remedy: 'Run "codex login" as the user of the service, or fix the key of its model provider.',
  })
  const others: RunEnd[] = [
    { outcome: 'exited', returnCode: 0, cause: null },
    { outcome: 'stopped', returnCode: 1, cause: 'stopped by a request' },
    { outcome: 'replaced', returnCode: 1, cause: 'replaced by run b' },
    { outcome: 'signaled', returnCode: -9, cause: 'ended by signal 9' },
    { outcome: 'lost', returnCode: null, cause: 'nobody knows' },
  ]
  for (const end of others) t.strictSame(at(end, words), end)
  t.strictSame(at(EXITED, 'nothing to say\n'), EXITED)
})

t.test('one that took too long keeps its cause, and its very last words name the remedy', async (t) => {
  const { at } = setUp(t)
  const waiting = 'ERROR: Reconnecting... waiting for network\n'
  t.strictSame(at(LATE, waiting), {
    ...LATE,
    remedy: 'Fix the network of the machine, and HTTPS_PROXY where it needs a proxy.',
  })
  t.strictSame(at({ ...LATE, outcome: 'stalled' }, `${waiting}exec\nat work\n`), {
    ...LATE,
    outcome: 'stalled',
  })
  t.strictSame(at(LATE, 'ERROR: something new\n'), LATE)
  t.match(at({ outcome: 'stalled', returnCode: 1, cause: 'x' }, 'ERROR: something new\n'), { remedy: null })
})

t.test('words that would be obeyed, or have megabytes, become one short line', async (t) => {
  const { at } = setUp(t)
  const nasty = at(EXITED, 'ERROR: \u001b[2J\u001b]0;t\u0007red\u202egpj\u0000\rback\n')
  t.equal(nasty.cause, 'red gpj back')
  t.equal(at(EXITED, 'ERROR: \u202e \u0000\n').cause, null)
  const long = at(EXITED, `ERROR: ${'401 '.repeat(1000)}\n`)
  t.equal(long.cause?.length, 300)
  t.match(at(EXITED, `ERROR: 401\n${'x'.repeat(3_000_000)}`), EXITED, 'only the end is read')
  t.match(at(EXITED, Buffer.from([...Buffer.from('ERROR: 401 '), 0xff, 0xfe, 10])), {
    cause: '401 \ufffd\ufffd',
  })
})

t.test('no secret is in a cause, nor half of one', async (t) => {
  const secret = 's3cret-token-of-the-service'
  const { at } = setUp(t, { redact: redactor(() => [secret]) })
  t.equal(at(EXITED, `ERROR: 401 for ${secret}\n`).cause, '401 for [redacted]')
  t.notMatch(at(EXITED, `ERROR: ${'x'.repeat(290)}${secret}\n`).cause, /s3cret/)
})

t.test('a log that is gone, or no file, explains nothing', async (t) => {
  const { deps, log } = setUp(t)
  t.strictSame(explain(EXITED, log, 0, codex, deps), EXITED)
  mkdirSync(log)
  t.strictSame(explain(EXITED, log, 0, codex, deps), EXITED)
  rmdirSync(log)
  const closed = `/${'x'.repeat(5000)}`
  t.strictSame(explain(EXITED, closed, 0, codex, deps), EXITED, 'it cannot be opened')
})

t.test('where no file can be opened at the moment, nobody can say', async (t) => {
  const { at, deps, log } = setUp(t)
  at(EXITED, 'ERROR: 401\n')
  let told: unknown = null
  const restore = await exhaustDescriptors(t, process.pid)
  try {
    explain(EXITED, log, 0, codex, deps)
  } catch (error) {
    told = error
  }
  await restore()
  t.match(told, { code: 'EMFILE' })
})
