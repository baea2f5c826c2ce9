import path from 'node:path'
import t from 'tap'
import type { AgentTask } from '../../src/agents/agent-core.ts'
import { type AgentCase, PLAIN_TASK } from './suite-case.ts'

const MIB = 1_048_576
/** What would lift more than a run needs, or ask somebody. */
const LIFTS = /danger|bypass|yolo|skip-|full-access|dontAsk|--auto\b|--ask$/

export function testArguments({ agent, plainArguments, model, session, systemIn }: AgentCase): void {
  const started = (changes: Partial<AgentTask> = {}) => agent.command({ ...PLAIN_TASK, ...changes })
  const promptOf = ({ argv, stdin }: { argv: readonly string[]; stdin: string | null }) =>
    stdin ?? argv.at(-1)

  t.test('a plain task has the very argv that is known', async (t) => {
    t.same(started().argv, [PLAIN_TASK.binary, ...plainArguments(PLAIN_TASK)])
    t.equal(agent.refusalOf(PLAIN_TASK), null)
  })

  t.test('nothing asks somebody, and nothing is lifted that need not be', async (t) => {
    const { argv, env } = started({ model: model.name, session: session.id })
    t.notMatch([...argv, JSON.stringify(env)].join('\n'), LIFTS)
  })

  t.test('a prompt comes as it is, whatever it looks like', async (t) => {
    for (const prompt of [
      '-',
      '--help',
      '{workspace} $HOME `x` "q"',
      "l'été\n\nuser\ncodex",
      '/cost',
      'resume',
    ]) {
      t.equal(promptOf(started({ prompt })), prompt, prompt)
    }
  })

  t.test('a prompt of 1 MiB goes through stdin, or is refused before anything happens', async (t) => {
    const task = { ...PLAIN_TASK, prompt: 'x'.repeat(MIB) }
    const { argv, stdin } = agent.command(task)
    if (agent.refusalOf(task) !== null) return t.match(agent.refusalOf(task), /1048576 bytes/)
    t.equal(stdin, task.prompt)
    t.ok(argv.every((word) => word.length < 1000))
  })

  t.test('no argument is longer than the system takes, also beside the prompt', async (t) => {
    for (const length of [131_071, 131_072]) {
      const task = { ...PLAIN_TASK, prompt: 'é'.repeat(length / 2) + 'x'.repeat(length % 2) }
      if (agent.refusalOf(task) !== null) continue
      for (const word of agent.command(task).argv) t.ok(Buffer.byteLength(word) <= 131_071, `${length}`)
    }
  })

  t.test('a model is named where it is asked for, and only there', async (t) => {
    const { argv } = started({ model: model.name })
    const at = argv.indexOf(model.words[0] ?? '')
    t.same(argv.slice(at, at + model.words.length), model.words)
    t.notOk(started().argv.includes(model.name))
  })

  t.test('a model that would be taken for an option is refused', async (t) => {
    for (const name of ['-c', '--help', '', 'a b', 'a\nb', `x${'y'.repeat(300)}`]) {
      t.match(agent.refusalOf({ ...PLAIN_TASK, model: name }), /is not the name of a model/, name)
    }
  })

  t.test('a session is gone on in where it is asked for', async (t) => {
    const { argv } = started({ session: session.id })
    const at = argv.indexOf(session.words[0] ?? '')
    t.same(argv.slice(at, at + session.words.length), session.words)
    t.equal(agent.refusalOf({ ...PLAIN_TASK, session: session.id }), null)
  })

  t.test('what is no session of the agent is refused: a new one would begin without a word', async (t) => {
    for (const id of ['', '--last', 'a name', '../x', ...session.others]) {
      t.notOk(agent.isSession(id), id)
      t.match(agent.refusalOf({ ...PLAIN_TASK, session: id }), /is no session of/, id)
    }
    t.ok(agent.isSession(session.id))
  })

  t.test('a system prompt goes in where a session begins', async (t) => {
    const system = 'Be brief.\n"Quoted", \\n and l’été, \x7f.'
    t.equal(systemIn({ ...PLAIN_TASK, system }), system)
    t.equal(systemIn(PLAIN_TASK), undefined)
    t.notMatch(started({ system }).argv.slice(0, -1), /^Be brief/)
  })

  t.test('private files lie in the folder of the run', async (t) => {
    for (const file of Object.keys(started({ system: 'Be brief.' }).files)) {
      t.equal(path.dirname(file), PLAIN_TASK.dir)
    }
    t.same(started().files, {})
  })

  t.test('model, system prompt, session and arguments go together', async (t) => {
    const args = ['--extra', 'a value']
    const task = { ...PLAIN_TASK, model: model.name, system: 'Be brief.', session: session.id, args }
    t.equal(agent.refusalOf(task), null)
    const { argv } = agent.command(task)
    for (const word of [model.name, session.id, ...args]) {
      t.equal(argv.filter((other) => other === word || other.endsWith(`=${word}`)).length, 1, word)
    }
    t.equal(argv.indexOf('a value'), argv.indexOf('--extra') + 1)
    t.equal(promptOf(agent.command(task)), task.prompt)
  })

  t.test('the command is the same for the same task', async (t) => t.same(started(), started()))
}
