import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { agentNamed } from '../../../src/agents/agents.ts'
import { loadConfig } from '../../../src/config.ts'
import { filesOf } from '../../../src/config-files.ts'
import { ConfigError } from '../../../src/settings/config-error.ts'
import { PROJECT } from '../../helpers/service.ts'
import { saidBy } from '../recorded.ts'

/** The settings with this config file. */
function setUp(test: Test) {
  const dir = test.testdir()
  const file = path.join(dir, 'looper.json')
  const load = (content: unknown, env: NodeJS.ProcessEnv = {}) => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    return loadConfig({ LOOPER_CONFIG: file, ...env }, { projectDir: dir, home: dir })
  }
  const problemsOf = (content: unknown, env?: NodeJS.ProcessEnv): readonly string[] => {
    try {
      load(content, env)
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map((text) => text.replace(/^.*:\d+:\d+: /, ''))
      throw error
    }
    throw new Error(`accepted: ${JSON.stringify(content)}`)
  }
  return { file, load, problemsOf }
}

const MINE = { argv: ['~/bin/mytool', ['-m', '{model}']], model: 'large' }

t.test(
  'an owner adds agents by the config file alone, and can make one the agent of whoever names none',
  async (t) => {
    const { load, file } = setUp(t)
    const config = load(
      { $schema: './x.json', agents: { mine: MINE, 'other-1': { argv: ['x'] } } },
      { LOOPER_AGENT: 'mine' },
    )
    const { all, known, standard } = config.agents
    t.same(
      all.map(({ name }) => name),
      ['codex', 'claude', 'opencode', 'mine', 'other-1'],
    )
    t.match(standard, {
      name: 'mine',
      title: 'mine',
      model: 'large',
      args: [],
      program: { name: 'mine', configured: '~/bin/mytool', builds: [] },
      installRemedy: `Install it, or correct argv of agents.mine in ${file}.`,
    })
    t.equal(known.name, 'codex')
    t.match(agentNamed(config.agents, 'other-1'), { model: null, can: { model: false } })
    t.same(config.unknown, [])
    t.ok(filesOf(config).includes(file), 'no log may be written over it')
  },
)

t.test('no agent is added by an empty list of them', async (t) => {
  const { load } = setUp(t)
  for (const content of ['', {}, { agents: {} }]) t.equal(load(content).agents.all.length, 3)
})

t.test('keys of nobody are told, and start nothing else', async (t) => {
  const { load, file } = setUp(t)
  const { unknown, warnings } = load({ agnets: { mine: MINE } })
  t.same(unknown, [`${file}:1:2: agnets: not a setting; did you mean agents?`])
  t.equal(warnings[0], unknown[0])
})

t.test('what cannot work is refused, each agent with what is wrong with it', async (t) => {
  const { problemsOf } = setUp(t)
  const problems = problemsOf({
    agents: {
      codex: { argv: ['x'] },
      claude: { argv: ['x'] },
      one: { argv: [''] },
      two: { argv: ['x', '{promt}'] },
      three: { argv: ['x\0y'] },
      four: { argv: ['x'], patterns: { text: '(a+)+$' } },
      five: { argv: ['x'], model: 'large' },
      six: { argv: ['x', ['{model}\0']] },
      constructor: { argv: ['x', '{model}'] },
    },
  })
  t.match(problems, [
    'agents.codex: there already is an agent of this name',
    'agents.claude: there already is an agent of this name',
    'agents.one: the first of argv is not the name of a program',
    /^agents\.two: argv has an unknown \{promt\}; known are/,
    'agents.three: argv has a NUL character',
    /^agents\.four: the pattern for text could take too long/,
    'agents.five: model is given, but argv has no {model}',
    'agents.six: argv has a NUL character',
    /^agents\.constructor: '\{model\}' must stand in a list/,
  ])
  t.equal(problems.length, 9)
})

t.test('names are short words', async (t) => {
  const { problemsOf, load } = setUp(t)
  for (const name of ['A', '1', 'a b', 'a_b', '-a', '', 'x'.repeat(33), 'ä', '__proto__', 'a\n'])
    t.match(
      problemsOf(`{"agents": {${JSON.stringify(name)}: {"argv": ["x"]}}}`),
      [/: must have a name like \^\[a-z\]/],
      name,
    )
  for (const name of ['a', 'x'.repeat(32), 'a-1', 'constructor', 'tostring'])
    t.equal(load({ agents: { [name]: { argv: ['x'] } } }).agents.all.at(-1)?.name, name)
})

t.test('a file that is broken stops the start, beside other settings that are wrong', async (t) => {
  const { problemsOf } = setUp(t)
  t.match(problemsOf('{ "agents": ', { LOOPER_PORT: 'x' }), ['value expected', /^LOOPER_PORT: /])
  t.match(problemsOf('{ "$schema": 3 }'), ['$schema: must be string'])
})

t.test('the example of the documents works, and reads the output beside it', async (t) => {
  const { load } = setUp(t)
  const text = readFileSync(path.join(PROJECT, 'docs/agents.md'), 'utf8')
  const block = (kind: string) => new RegExp(`\`\`\`${kind}\n(.*?)\`\`\``, 's').exec(text)?.[1] ?? ''
  const { agents } = load(block('jsonc'))
  const said = (name: string, output: string) => {
    const agent = agentNamed(agents, name)
    return agent === null ? null : saidBy(agent.read(), output)
  }
  const common = { sessionId: 's-1', reply: 'The tests pass.' }
  t.match(said('mytool', block('text')), { ...common, usage: { input: 1200, output: 45 }, errorKind: null })
  t.match(said('mine', block('json')), {
    ...common,
    turns: 1,
    usage: { input: 1200, cached: 300, output: 45 },
    costUsd: 0.02,
    errorKind: 'quota',
  })
})
