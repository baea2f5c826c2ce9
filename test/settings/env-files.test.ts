import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ConfigError } from '../../src/settings/config-error.ts'
import { completeEnv } from '../../src/settings/env-files.ts'

t.test('what Node missed of its files is added, in its order, and odd lines are told', async (t) => {
  const dir = t.testdir({
    one: '\ufeffA=one\nB=one\nnothing\n',
    three: 'C=three\n',
  })
  const at = (name: string) => path.join(dir, name)
  writeFileSync(at('two'), Buffer.from('\ufeffB=two\nC=two\n', 'utf16le'))
  const files = [
    `--env-file=${at('one')}`,
    '--env-file-if-exists',
    at('two'),
    '--no-warnings',
    `--env-file=${at('three')}`,
  ]
  const { env, told } = completeEnv({ C: 'given', D: '' }, files)
  t.strictSame(env, { A: 'one', B: 'two', C: 'given', D: '' })
  const missed = (name: string) =>
    `${at(name)} is not all read by Node itself; save it as UTF-8 without a byte order mark`
  t.strictSame(told, [
    missed('one'),
    `${at('one')}, line 3 has no "=", and counts for nothing`,
    missed('two'),
  ])
})

t.test('without such an option, and without the file, nothing is added', async (t) => {
  const env = { A: '1' }
  for (const execArgv of [[], ['--no-warnings'], ['--env-file-if-exists=/no/such/.env'], ['--env-file']])
    t.strictSame(completeEnv(env, execArgv), { env, told: [] })
})

t.test('a file that is there and cannot be read is a wrong setting', async (t) => {
  const dir = t.testdir()
  const file = path.join(dir, '.env')
  mkdirSync(file)
  const read = () => completeEnv({}, [`--env-file-if-exists=${file}`])
  t.throws(read, ConfigError)
  t.throws(read, { message: `nothing was started:\n  cannot read ${file}: EISDIR: ${file} is a directory` })
})

t.test('Node itself still reads such files as it is told here', async (t) => {
  const dir = t.testdir({ '.env': '\ufeffA=1\nB=2\n' })
  const { stdout } = spawnSync(
    process.execPath,
    ['--env-file-if-exists=.env', '-p', '[process.env.A, process.env.B, process.execArgv[0]].join()'],
    { cwd: dir, env: {}, encoding: 'utf8' },
  )
  t.equal(stdout, ',2,--env-file-if-exists=.env\n')
})
