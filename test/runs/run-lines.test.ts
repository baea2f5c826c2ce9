import t from 'tap'
import { tellSteps } from '../../src/runs/run-lines.ts'
import { observeLedger } from '../../src/runs/steps.ts'
import { CHANGED } from '../helpers/git.ts'
import { heartOf } from '../helpers/heart.ts'

t.test('a terminal is told the start and the end of each run, in a line that it does not obey', async (t) => {
  const heart = heartOf(t)
  const { ledger, steps } = observeLedger(heart.ledger)
  const told: string[] = []
  tellSteps(steps, (line) => told.push(line))
  const begin = (name: string) => {
    const { runId } = heart.begin('x', { name })
    const id = runId.slice(0, 8)
    ledger.step(runId, { announcedAt: 1 })
    return { runId, id }
  }
  const end = { returnCode: 0, cause: null, outputBytes: 1, tokensUsed: null, endedAt: 65_000 }
  const one = begin('Nightly fix')
  ledger.step(one.runId, { launchedAt: 2000, changes: CHANGED })
  ledger.step(one.runId, { silentSince: 3000 })
  ledger.step(one.runId, { silentSince: null })
  ledger.finish(one.runId, { ...end, outcome: 'exited' })
  const check = { line: 'make', isOwners: true, timeoutMs: 0 }
  const checked = heart.begin('x', { name: 'Checked', check }).runId
  const refuted = { verdict: 'refuted', cause: 'the check exited with 1', returnCode: 1 } as const
  ledger.step(checked, { changes: { ...CHANGED, commits: 0, files: 0 } })
  ledger.finish(checked, { ...end, outcome: 'exited', check: refuted })
  const two = begin('bad\u001b[2Jname')
  ledger.finish(two.runId, { ...end, outcome: 'failed_to_start', returnCode: null, cause: 'no program' })
  const time = '\\d\\d:\\d\\d:\\d\\d'
  t.match(told, [
    new RegExp(`^${time} run ${one.id} started: Nightly fix$`),
    new RegExp(`^${time} run ${one.id} has given no sign of life since: Nightly fix$`),
    new RegExp(`^${time} run ${one.id} exited 0 after 1 m 3 s, 3 commits, \\+120 −44: Nightly fix$`),
    new RegExp(`^${time} run ${checked.slice(0, 8)} exited 0, refuted: Checked$`),
    new RegExp(`^${time} run ${two.id} failed to start: badname \\(no program\\)$`),
  ])
  t.equal(told.length, 5)
})
