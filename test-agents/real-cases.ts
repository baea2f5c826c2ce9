import { spawnSync } from 'node:child_process'
import { existsSync, watch } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { type RealAgent, runReal } from '../test/agents/real-run.ts'
import { serveRunTools } from './run-tools.ts'

const MIB = 1_048_576
const SYSTEM = 'You are a very careful tester of software.'

/** A real agent with its loopback model, for the whole file. */
export interface Started {
  readonly real: RealAgent
  /** The texts of all requests that its model has got. */
  readonly asked: () => readonly string[]
}

/** What is particular to an agent. */
export interface RealCases {
  readonly start: (t: Test) => Promise<Started>
  readonly version: string
  /** The environment in which nobody is logged in; null: the model refuses the key. */
  readonly noLogin: NodeJS.ProcessEnv | null
  readonly unknownSession: string
  /** Options that its command rests on, as its help must list them. */
  readonly options: readonly string[]
}

export function testReal({ start, version, noLogin, unknownSession, options }: RealCases): void {
  t.test('a real agent through its port', async (t) => {
    const { real, asked } = await start(t)
    const { agent, binary, env } = real

    await t.test('it tells its version, and knows the options that its command rests on', async (t) => {
      const told = (args: readonly string[] | null) =>
        spawnSync(binary, args ?? [], { env, encoding: 'utf8' })
      t.equal(agent.versionOf(told(agent.probe.version).stdout), version)
      const help = told(agent.probe.help)
      const known = agent.optionsKnown(help.stdout + help.stderr)
      for (const option of options) t.ok(known.includes(option), option)
      if (agent.probe.login !== null) {
        const { stdout, stderr, status } = told(agent.probe.login)
        t.not(agent.isLoggedIn(stdout + stderr, status ?? -1), undefined)
      }
      if (agent.probe.models !== null) t.ok(agent.modelsOf(told(agent.probe.models).stdout).length > 0)
    })

    await t.test('it answers; a session is told, and what was used', async (t) => {
      const { status, said, output } = await runReal(real, { prompt: 'ECHO: Hello there.' })
      t.equal(status, 0, output)
      t.match(said, { reply: 'Hello there.', errorKind: null, turns: 1 })
      t.ok(agent.isSession(String(said.sessionId)))
      t.ok(Number(said.usage?.total) > 0)
    })

    await t.test('a tool call has its result, and works in the workspace', async (t) => {
      const { said, events, output } = await runReal(real, { prompt: 'RUN: echo one >made; echo two' })
      t.match(said, { reply: 'Done.', errorKind: null }, output)
      const call = events.findLast((event) => event.kind === 'tool')
      t.match(call, { state: 'done', input: /echo one >made/, output: /two/ })
      t.ok(existsSync(path.join(real.workspace, 'made')))
    })

    await t.test('a tool call that fails has failed or says so', async (t) => {
      const { said, events } = await runReal(real, { prompt: 'RUN: echo oops; exit 3' })
      t.equal(said.reply, 'Done.')
      t.match(events.findLast((event) => event.kind === 'tool')?.output, /oops/)
    })

    await t.test('what lies outside the workspace does not end a run without an answer', async (t) => {
      const outside = path.join(path.dirname(real.workspace), 'outside')
      const { said, output } = await runReal(real, { prompt: `RUN: touch ${outside}` })
      t.match(said, { reply: 'Done.', errorKind: null }, output)
    })

    await t.test(
      'what it keeps in a database is measured there, and it deletes a session by itself',
      async (t) => {
        const { sessionStore: store } = agent
        if (!store) return
        const { said, output } = await runReal(real, { prompt: 'ECHO: To be deleted.' })
        const session = String(said.sessionId)
        const sizes = () => {
          const db = new DatabaseSync(store.file(env), { readOnly: true })
          const rows = db.prepare(store.sizes).all({ ids: JSON.stringify([session]) })
          db.close()
          return rows
        }
        const [row] = sizes()
        t.ok(Number(row?.bytes) > 100 && Number(row?.made_at) > Date.now() - 600_000, output)
        t.ok(Number(row?.written_at) >= Number(row?.made_at))
        t.equal(spawnSync(binary, store.remove(session), { env, cwd: '/' }).status, 0)
        t.same(sizes(), [])
      },
    )

    await t.test('it calls a tool of its run; the token is in no argument and in no output', async (t) => {
      const { access, told } = await serveRunTools(t)
      const prompt = 'CALL: tell {"message":"half of it"}'
      const { said, events, output } = await runReal(real, { prompt, tools: access })
      t.same(told, ['half of it'], output)
      t.match(said, { reply: 'Done.', errorKind: null })
      t.match(
        events.findLast((event) => event.kind === 'tool'),
        { state: 'done', name: /tell/ },
      )
      t.notOk(output.includes(access.token))
      const task = { ...{ binary, workspace: '/w', prompt, runId: 'one', dir: '/d', args: [] }, model: null }
      const { argv } = agent.command({ ...task, system: null, session: null, tools: access })
      t.notOk(argv.some((word) => word.includes(access.token)))
    })

    await t.test('a session is gone on in, with all that was said', async (t) => {
      const first = await runReal(real, { prompt: 'ECHO: The word is heron.' })
      const session = String(first.said.sessionId)
      t.not(agent.sessionExists(session, env, real.workspace), false)
      const second = await runReal(real, { prompt: 'ECHO: Again.', session })
      t.match(second.said, { sessionId: session, errorKind: null }, second.output)
      t.ok(asked().some((text) => /The word is heron/.test(text) && /Again/.test(text)))
    })

    await t.test(
      'a run that is stopped in a tool call keeps its session, which can be gone on in',
      async (t) => {
        const watcher = watch(real.workspace)
        const stopped = await runReal(real, { prompt: 'RUN: touch started; sleep 3' }, (group) => {
          watcher.on('change', (_, name) => {
            if (name !== 'started') return
            watcher.close()
            process.kill(-group, agent.stop.signal)
          })
        })
        t.match(stopped.said, { reply: null, turns: 1 }, stopped.output)
        const session = String(stopped.said.sessionId)
        t.ok(agent.isSession(session))
        const next = await runReal(real, { prompt: 'ECHO: Going on.', session })
        t.match(next.said, { sessionId: session, reply: 'Going on.', errorKind: null }, next.output)
      },
    )

    await t.test('a session that nobody knows is an error, and no new one', async (t) => {
      t.not(agent.sessionExists(unknownSession, env, real.workspace), true)
      const { status, said } = await runReal(real, { session: unknownSession })
      t.not(status, 0)
      t.match(said, { reply: null, errorKind: 'other' })
    })

    await t.test('a model that is not there is an error', async (t) => {
      const model = real.model === null ? 'no-such' : real.model.replace(/[^/]*$/, 'no-such')
      const { said, output } = await runReal(real, { model })
      t.equal(said.reply, null, output)
      t.ok(said.errorText)
    })

    await t.test('a limit is a quota', async (t) => {
      const { status, said, output } = await runReal(real, { prompt: 'LIMIT' })
      t.not(status, 0)
      t.match(said, { reply: null, errorKind: 'quota' }, output)
    })

    await t.test('without a login, or with a key that is refused, it is a matter of auth', async (t) => {
      const { said, output } =
        noLogin === null
          ? await runReal(real, { prompt: 'REFUSE' })
          : await runReal({ ...real, env: { ...env, ...noLogin } }, {})
      t.match(said, { reply: null, errorKind: 'auth' }, output)
    })

    await t.test('a system prompt reaches the model', async (t) => {
      const { said, output } = await runReal(real, { system: SYSTEM })
      t.equal(said.reply, 'Hello.', output)
      t.ok(asked().some((text) => text.includes(SYSTEM)))
    })

    await t.test('a prompt of 1 MiB reaches the model whole, and so does "-"', async (t) => {
      const end = '\nECHO: All of it.'
      const prompt = `begin ${'word '.repeat(MIB / 5)}`.slice(0, MIB - end.length) + end
      const { said, output } = await runReal(real, { prompt })
      t.equal(said.reply, 'All of it.', output.slice(-2000))
      t.ok(asked().some((text) => text.includes(JSON.stringify(prompt).slice(1, -1))))
      t.equal((await runReal(real, { prompt: '-' })).said.reply, 'Done.')
    })
  })
}
