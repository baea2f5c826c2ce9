import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { createLiveRuns } from '../../src/runs/live.ts'
import { findAgents, runsOf, stopAgents } from '../../src/runs/reset.ts'
import { heartOf } from '../helpers/heart.ts'
import { carriers } from '../helpers/processes.ts'
import { until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

t.test(
  'live runs, and runs of which only the state is left, are found and stopped with their trees',
  async (t) => {
    const heart = heartOf(t)
    const { deps } = heart
    const live = createLiveRuns(deps)
    const { runId, request } = heart.begin('sleep 300')
    const run = await live.launch(runId, request)
    const orphan = await heart.leftBy('setsid sleep 300 & sleep 300', { log: false, launch: false })
    heart.ledger.remove(orphan.runId)
    mkdirSync(heart.stateDir, { recursive: true })
    writeFileSync(path.join(heart.stateDir, 'told-nothing'), '')
    await until('their tools run', () => carriers(orphan.runId).length === 3 && carriers(runId).length === 2)

    const found = await findAgents(deps, live.seenFrom('default'))
    t.same([...found.agents].sort(), [run.agent.pid, orphan.agent.pid].sort())
    t.same([...found.orphans].sort(), [orphan.runId, 'told-nothing'].sort())
    t.ok(found.spare.has(process.pid))
    t.ok(found.spare.has(process.ppid))

    const report = await stopAgents(deps, found)
    t.match(report, { agents: found.agents, remaining: [], survivors: [] })
    for (const pid of found.agents) t.ok(report.signalled.includes(pid))
    await run.ended
    await until('the wrappers have ended, too', () => carriers(heart.mark).length === 0)
    t.strictSame(readdirSync(heart.stateDir), [])
  },
)

t.test('the state of a run that ended is no agent', async (t) => {
  const heart = heartOf(t)
  const { runId, status } = await heart.leftBy('true')
  await status
  const found = await findAgents(heart.deps, runsOf('default', [], []))
  t.match(found, { agents: [], targets: [{ cookie: runId }] })
  t.match(await stopAgents(heart.deps, found), { agents: [], remaining: [] })
  t.notOk(existsSync(path.join(heart.stateDir, runId)))
})

t.test('where nothing ever ran there is nothing to stop', async (t) => {
  const { deps } = heartOf(t)
  const found = await findAgents(deps, runsOf('default', [], []))
  t.match(found, { agents: [], targets: [], orphans: [] })
  t.match(await stopAgents(deps, found), { agents: [], remaining: [], signalled: [], survivors: [] })
})
