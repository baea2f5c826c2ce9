import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { type AgentCase, PLAIN_TASK } from './suite-case.ts'

export function testProbes(agentCase: AgentCase): void {
  const { agent, runs, bystanders, version, logins, models, session, makeSession } = agentCase

  t.test('a run is told from what merely mentions one', async (t) => {
    for (const argv of runs) t.ok(agent.isRun(argv), argv.join(' '))
    for (const argv of [[], [''], ['grep', agent.name], ...bystanders])
      t.notOk(agent.isRun(argv), argv.join(' '))
  })

  t.test('its version is read, and nothing where there is none', async (t) => {
    t.equal(agent.versionOf(version.output), version.version)
    for (const output of ['', 'not found', '1.2', '9'.repeat(1_000_000)])
      t.equal(agent.versionOf(output), null)
  })

  t.test('whether it is logged in is told only where that is known', async (t) => {
    for (const { output, status, isLoggedIn } of logins) {
      t.equal(agent.isLoggedIn(output, status), isLoggedIn, JSON.stringify(output))
    }
    for (const output of ['', '{', 'null', '[]', '\0'.repeat(1000)])
      t.equal(agent.isLoggedIn(output, 1), null)
  })

  t.test('its models are read, and none where it lists none', async (t) => {
    t.same(agent.modelsOf(models.output), models.models)
    for (const output of ['', '{', '{"models":3}', '{"models":[null,{}]}']) t.same(agent.modelsOf(output), [])
  })

  t.test('the options of its help are read once each', async (t) => {
    const help = 'Usage: x [--json]\n  -m, --model <M>  as --json or x--no\n  --max-turns N\n'
    t.same(agent.optionsKnown(help), ['--json', '--model', '--max-turns'])
    t.same(agent.optionsKnown(''), [])
  })

  t.test(
    'a session that is gone is known before anything happens, where its files can be read',
    async (t) => {
      const home = t.testdir()
      const nowhere = { HOME: `${home}/none`, CODEX_HOME: '', CLAUDE_CONFIG_DIR: '' }
      t.equal(agent.sessionExists(session.id, nowhere, PLAIN_TASK.workspace), null)
      t.not(agent.sessionExists(session.id, {}, PLAIN_TASK.workspace), true)
      t.equal(agent.sessionExists('../../*', { HOME: home }, PLAIN_TASK.workspace), false)
      if (makeSession === null) return
      const env = makeSession(home, session.id)
      t.equal(agent.sessionExists(session.id, env, PLAIN_TASK.workspace), true)
      const kept = agent
        .sessionPlaces(env)
        .flatMap(({ dir, sessionOf }) =>
          existsSync(dir)
            ? readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((file) =>
                sessionOf(path.basename(file)),
              )
            : [],
        )
      t.same(
        kept.filter((id) => id !== null),
        [session.id],
        'and found by its name',
      )
      const other = session.id.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
      t.equal(agent.sessionExists(other, env, PLAIN_TASK.workspace), false)
    },
  )

  t.test('it says how it likes to be stopped, and asks about itself without a model', async (t) => {
    t.match(agent.stop.signal, /^SIG(INT|TERM)$/)
    t.ok(agent.stop.graceMs > 0 && agent.stop.graceMs <= 5000)
    t.not(agent.probe.version?.length, 0)
  })
}
