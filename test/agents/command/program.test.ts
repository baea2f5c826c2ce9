import t, { type Test } from 'tap'
import { commandAgent } from '../../../src/agents/command/command.ts'
import type { CommandSettings } from '../../../src/agents/command/settings.ts'
import { runReal } from '../real-run.ts'

const start = (t: Test, binary: string, settings: CommandSettings) => ({
  agent: commandAgent('program', settings),
  binary,
  env: { PATH: process.env.PATH },
  workspace: `${t.testdir({ repo: {} })}/repo`,
  model: null,
})

t.test('a program gets its prompt through stdin, whatever it is', async (t) => {
  const real = start(t, '/bin/cat', { argv: ['cat'] })
  for (const prompt of ['Hello.', '-', '--help', `${'x'.repeat(99)}\n`.repeat(10_486)]) {
    const { status, said } = await runReal(real, { prompt })
    t.equal(status, 0)
    t.ok(prompt.trim().endsWith(String(said.reply)))
  }
})

t.test('a program gets what its template names, in its place', async (t) => {
  const argv = [
    'printf',
    '%s|',
    '{prompt}',
    ['{model}', '{session}'],
    '{workspace}',
    ['system: {system_file}'],
  ]
  const real = start(t, '/usr/bin/printf', { argv })
  const plain = await runReal(real, { prompt: '{model} $HOME' })
  t.equal(plain.said.reply, `{model} $HOME|${real.workspace}|`)
  const all = await runReal(real, { prompt: 'p', model: 'm', session: 's', system: 'x', args: ['--more'] })
  t.match(all.said.reply, /^p\|m\|s\|.*\/repo\|system: .*\/system\.md\|--more\|$/)
})

t.test('a program that fails without a word has crashed', async (t) => {
  t.match((await runReal(start(t, '/bin/false', { argv: ['false'] }), {})).said, { errorKind: 'crashed' })
})
