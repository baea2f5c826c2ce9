import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { Type } from '../../src/base/schema.ts'
import { configFileSettings } from '../../src/settings/config-file.ts'
import { beginReading } from '../../src/settings/part.ts'

const Tools = Type.Record(
  Type.String({ pattern: '^[a-z]{1,9}$' }),
  Type.Object(
    {
      argv: Type.Array(Type.Union([Type.String(), Type.Array(Type.String())]), { minItems: 1 }),
      stop: Type.Optional(Type.Enum(['SIGINT', 'SIGTERM'])),
    },
    { additionalProperties: false },
  ),
  { additionalProperties: false },
)

/** A project and a home, and the config file as it is read there. */
function setUp(test: Test) {
  const home = test.testdir({ '.looper': {}, project: {} })
  const standard = path.join(home, '.looper/config.json')
  const read = (env: NodeJS.ProcessEnv = {}) => {
    const reading = beginReading(env, { projectDir: path.join(home, 'project'), home })
    return { ...reading, file: configFileSettings.read(reading) }
  }
  const of = (text: string | Buffer) => {
    writeFileSync(standard, text)
    const { file, problems, warnings } = read()
    const tools = file.read('tools', Tools)
    return { file, tools, problems, warnings }
  }
  return { home, standard, read, of }
}

t.test('without one nothing is read, and nothing loaded that would read it', async (t) => {
  const { read, home } = setUp(t)
  const { file, problems, warnings } = read()
  t.equal(file.path, null)
  t.equal(file.read('tools', Tools), null)
  file.refuse(['tools'], 'is no tool')
  t.same(file.tellOfUnknown([]), [])
  t.same([problems, warnings], [[], []])
  for (const nowhere of ['', '/nonexistent', path.join(home, 'project/none'), `${home}/${'x'.repeat(300)}`]) {
    const reading = beginReading({}, { projectDir: home, home: nowhere })
    t.equal(configFileSettings.read(reading).path, null)
    t.same(reading.problems, [])
  }
  const script =
    "const { loadConfig } = await import('./src/config.ts');" +
    `loadConfig({}, { projectDir: '${home}', home: '${home}' });` +
    'console.log(Object.keys((await import("node:module")).createRequire(process.cwd() + "/x").cache).filter((name) => /jsonc|ajv/.test(name)))'
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  t.equal(stdout, '[]\n')
})

t.test('it is read as its owner wrote it', async (t) => {
  const { of, standard } = setUp(t)
  const text = '// Mine.\n{ "tools": { "one": { "argv": ["x", ["-m", "y"],], }, }, /* more */ }\n'
  for (const bytes of [text, `\ufeff${text}`, Buffer.from(`\ufeff${text}`, 'utf16le')]) {
    const { tools, problems, warnings, file } = of(bytes)
    t.same(tools, { one: { argv: ['x', ['-m', 'y']] } })
    t.same([problems, warnings, file.path], [[], [], standard])
  }
  for (const nothing of ['', '// later', '{}']) {
    const { tools, problems } = of(nothing)
    t.same([tools, problems], [null, []], nothing)
  }
})

t.test('one that is named must be there, and be a file of text', async (t) => {
  const { read, home } = setUp(t)
  const problemsOf = (LOOPER_CONFIG: string) => read({ LOOPER_CONFIG }).problems
  t.match(problemsOf('none.json'), [/^LOOPER_CONFIG: ENOENT.*project\/none\.json'$/])
  t.match(problemsOf('~/.looper'), [/^LOOPER_CONFIG: EISDIR: .* is a directory$/])
  const at = (name: string) => path.join(home, 'project', name)
  spawnSync('mkfifo', [at('pipe')])
  symlinkSync('nowhere', at('link'))
  writeFileSync(at('large.json'), ' '.repeat(1_048_577))
  writeFileSync(at('latin.json'), Buffer.from('{ "ü": 1 }', 'latin1'))
  writeFileSync(at('good.json'), '{ "tools": {} }')
  t.match(problemsOf('pipe'), [/^LOOPER_CONFIG: .* is a pipe/])
  t.match(problemsOf('link'), [/^LOOPER_CONFIG: .* is a broken symbolic link$/])
  t.match(problemsOf('large.json'), [/is larger than 1 MiB/])
  t.match(problemsOf('latin.json'), [/is not UTF-8 text/])
  const { file, problems } = read({ LOOPER_CONFIG: 'good.json' })
  t.same([file.path, file.read('tools', Tools), problems], [at('good.json'), {}, []])
})

t.test('one at its usual place that cannot be used is a problem, not as if it were not there', async (t) => {
  const { standard, of, read } = setUp(t)
  t.match(of('{ "tools": }').problems, ['~/.looper/config.json:1:12: value expected'])
  for (const text of ['[]', '3', 'null', '"x"'])
    t.match(of(text).problems, [/^~\/\.looper\/config\.json:1:1: must be an object/])
  t.equal(of('[').file.path, standard)
  rmSync(standard)
  mkdirSync(standard)
  t.match(read().problems, [/^~\/\.looper\/config\.json: EISDIR/])
})

t.test('what is wrong in it is told all at once, with its place', async (t) => {
  const { of } = setUp(t)
  const { tools, problems } = of(`{
  "tools": {
    "one": { "argv": ["x", 3], "stop": "SIGKILL", "agrv": [] },
    "two": { "argv": [] },
    "three": {},
    "four": null,
    "My Tool": { "argv": ["x"] },
    "__proto__": { "argv": ["x"] },
    "7": {},
    "five": { "argv": ["x", ["y", [3]]], "constructor": 1 }
  }
}`)
  t.equal(tools, null)
  t.same([...problems].sort(), [
    '~/.looper/config.json:10:29: tools.five.argv[1]: must be string or array',
    '~/.looper/config.json:10:42: tools.five.constructor: not a setting; there are: argv, stop',
    '~/.looper/config.json:3:28: tools.one.argv[1]: must be string or array',
    '~/.looper/config.json:3:32: tools.one.stop: must be one of SIGINT, SIGTERM',
    '~/.looper/config.json:3:51: tools.one.agrv: not a setting; did you mean argv?',
    '~/.looper/config.json:4:14: tools.two.argv: must NOT have fewer than 1 items',
    "~/.looper/config.json:5:5: tools.three: must have required property 'argv'",
    '~/.looper/config.json:6:5: tools.four: must be object',
    '~/.looper/config.json:7:5: tools["My Tool"]: must have a name like ^[a-z]{1,9}$',
    '~/.looper/config.json:8:5: tools.__proto__: must have a name like ^[a-z]{1,9}$',
    '~/.looper/config.json:9:5: tools[7]: must have a name like ^[a-z]{1,9}$',
  ])
  const many = of(`{ "tools": { "one": { "argv": [${'1,'.repeat(100)}] } } }`).problems
  t.equal(many.length, 21)
  t.equal(many.at(-1), '~/.looper/config.json: and 80 more')
  t.match(of('{ "tools": [] }').problems, ['~/.looper/config.json:1:3: tools: must be object'])
})

t.test('a part can refuse what it finds, and keys of nobody are told', async (t) => {
  const { of } = setUp(t)
  const { file, problems } = of(
    '{\n  "tols": {},\n  "a/b": 1, "__proto__": {},\n  "tools": { "one": { "argv": ["x"] } }\n}',
  )
  file.refuse(['tools', 'one'], 'not wanted')
  t.same(problems, ['~/.looper/config.json:4:14: tools.one: not wanted'])
  t.same(file.tellOfUnknown(['tools']), [
    '~/.looper/config.json:2:3: tols: not a setting; did you mean tools?',
    '~/.looper/config.json:3:3: ["a/b"]: not a setting; there are: tools',
    '~/.looper/config.json:3:13: __proto__: not a setting; there are: tools',
  ])
})

t.test('one that others can change is told', async (t) => {
  const { of, standard } = setUp(t)
  t.same(of('{}').warnings, [])
  chmodSync(standard, 0o664)
  t.same(of('{}').warnings, [], 'a group may be of one user alone')
  chmodSync(standard, 0o666)
  t.match(of('{}').warnings, [/^~\/\.looper\/config\.json can be changed by every user/])
})
