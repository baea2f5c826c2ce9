import t from 'tap'
import { commandIn } from '../../../src/triggers/chat/command.ts'

t.test('what can be said', async (t) => {
  t.strictSame(commandIn('status'), { kind: 'status' })
  t.strictSame(commandIn('STATUS please'), { kind: 'status' })
  t.strictSame(commandIn('stop'), { kind: 'stop', what: null })
  t.strictSame(commandIn('stop docs '), { kind: 'stop', what: 'docs' })
  for (const text of ['', 'help', 'hello', 'stopp', '/stop']) t.strictSame(commandIn(text), { kind: 'help' })
})

t.test('a run is asked for with its prompt, and before it what it is to be', async (t) => {
  const nothing = { slot: null, agent: null, model: null, workspace: null, if_running: null }
  t.strictSame(commandIn('run'), { kind: 'run', wanted: nothing, prompt: '' })
  t.strictSame(commandIn('run Fix it,\nslot=docs or not'), {
    kind: 'run',
    wanted: nothing,
    prompt: 'Fix it,\nslot=docs or not',
  })
  t.strictSame(
    commandIn('Run slot=docs workspace="/my work" if_running=queue agent=claude model=m\nFix it'),
    {
      kind: 'run',
      wanted: { slot: 'docs', agent: 'claude', model: 'm', workspace: '/my work', if_running: 'queue' },
      prompt: 'Fix it',
    },
  )
  t.match(commandIn('run prompt=x'), { prompt: 'prompt=x' })
  t.match(commandIn('run codex_exec_binary=/bin/sh x'), {
    wanted: nothing,
    prompt: 'codex_exec_binary=/bin/sh x',
  })
})

t.test('what cannot be is said, before anything is done', async (t) => {
  t.match(commandIn('run slot=.. x'), { kind: 'wrong', why: /no name of a slot/ })
  t.match(commandIn('run slot="" x'), { kind: 'wrong' })
  t.match(commandIn('run if_running=kill x'), { kind: 'wrong', why: /replace, skip, queue/ })
})
