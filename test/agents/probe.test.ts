import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { codex } from '../../src/agents/codex/codex.ts'
import { probe } from '../../src/agents/probe.ts'
import { carriers, killCarriers } from '../helpers/processes.ts'

/** What is found out of a program with this code. */
async function probed(test: Test, script: string | null, env: NodeJS.ProcessEnv = {}) {
  const dir = test.testdir()
  const program = path.join(dir, 'codex')
  if (script !== null) {
    writeFileSync(program, `#!/bin/sh\n${script}\n`)
    chmodSync(program, 0o755)
  }
  const places = { projectDir: dir, home: dir, searchPath: dir }
  return { program, found: await probe(codex, places, { PATH: process.env.PATH, ...env }) }
}

const ANSWERS = `case $* in
  --version) echo codex-cli 0.169.0 ;;
  'login status') echo 'Logged in using an API key' >&2 ;;
  'exec --help') echo '--json --model' ;;
  'debug models') echo '{"models":[{"slug":"gpt-5","visibility":"list"},{"slug":"old","visibility":"hide"}]}' ;;
esac`

t.test('a program tells its version, whether it is logged in, and its models', async (t) => {
  const { program, found } = await probed(t, ANSWERS)
  t.strictSame(found, {
    program,
    version: '0.169.0',
    isLoggedIn: true,
    models: ['gpt-5'],
    options: ['--json', '--model'],
    problem: null,
  })
})

t.test('what it does not tell is not known', async (t) => {
  const { program, found } = await probed(t, '[ "$1" = --version ] || exit 3')
  const nothing = { program, version: null, isLoggedIn: null, models: [], options: [], problem: null }
  t.strictSame(found, nothing)
  const killed = await probed(t, '[ "$1" = --version ] || kill -9 $$')
  t.strictSame(killed.found, { ...nothing, program: killed.program })
})

t.test('one that is not there, or does not run, is told', async (t) => {
  const nothing = { version: null, isLoggedIn: null, models: [], options: [] }
  const none = await probed(t, null)
  t.match(none.found, { ...nothing, program: null, problem: /missing from PATH: codex$/ })
  const broken = await probed(t, 'exit 1')
  t.match(broken.found, { ...nothing, program: broken.program, problem: /--version failed$/ })
  const noProgram = await probed(t, null)
  writeFileSync(noProgram.program, '\u007fELF')
  chmodSync(noProgram.program, 0o755)
  const places = { projectDir: '/', home: '/', searchPath: path.dirname(noProgram.program) }
  t.match(await probe(codex, places, {}), { problem: /--version failed/ })
})

t.test('what an agent has no words for is not asked', async (t) => {
  const { program } = await probed(t, ANSWERS)
  const places = { projectDir: '/', home: '/', searchPath: path.dirname(program) }
  const silent = { ...codex, probe: { ...codex.probe, login: null, models: null, help: null } }
  const env = { PATH: process.env.PATH }
  t.match(await probe(silent, places, env), { version: '0.169.0', isLoggedIn: null, models: [], options: [] })
  const mute = { ...silent, probe: { ...silent.probe, version: null } }
  t.match(await probe(mute, places, env), { program, version: null, problem: null }, 'nothing is run')
  const tooLong = { TOO_LONG: 'x'.repeat(200_000) }
  t.match(await probe(codex, places, tooLong), { problem: /--version failed/ }, 'it cannot be started')
})

t.test('one that leaves something behind is not waited for', async (t) => {
  const mark = `left-${process.pid}`
  const began = Date.now()
  const { found } = await probed(t, `${ANSWERS}\n[ $1 = --version ] && setsid sleep 300 &`, { MARK: mark })
  t.match(found, { version: '0.169.0' })
  t.ok(Date.now() - began < 10_000)
  killCarriers(mark)
})

t.test('one that says more than anybody reads is stopped, with all it started', async (t) => {
  const mark = `probe-${process.pid}`
  const { found } = await probed(t, 'sleep 300 & yes', { MARK: mark })
  t.match(found, { problem: /--version failed/ })
  t.same(carriers(mark), [])
})
