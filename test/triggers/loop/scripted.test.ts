import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { Value } from 'typebox/value'
import type { EndCause, PauseCause } from '../../../src/triggers/loop/governor.ts'
import type { LoopDefinition } from '../../../src/triggers/loop/loop.ts'
import { LoopList } from '../../../src/triggers/loop/schemas.ts'
import { openEvents } from '../../helpers/events.ts'
import { markOf } from '../../helpers/fault-service.ts'
import { setUpLoops } from '../../helpers/loop-service.ts'
import { carriers } from '../../helpers/processes.ts'
import { textOf, until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** What an agent does, what its loop is, why that is to end or pause, and after so many rounds. */
type Row = readonly [
  name: string,
  script: string,
  definition: Partial<LoopDefinition>,
  cause: EndCause | PauseCause,
  rounds: number,
]

const GIT = 'git'
const ok = 'say same'
const other = 'say "round $n"'
const PROBLEM = 'echo "ERROR: the model is at rest"; exit 1'

const ROWS: readonly Row[] = [
  // Nothing comes of it.
  ['says-the-same', ok, {}, 'no_change', 6],
  ['one-chance', ok, { max_unchanged: 1 }, 'no_change', 2],
  ['of-two-words', 'say $((n % 2))', { max_unchanged: 2 }, 'no_change', 4],
  ['of-three-words', 'say $((n % 3))', { max_unchanged: 2 }, 'no_change', 5],
  ['of-six-words', 'say $((n % 6))', { max_unchanged: 1 }, 'no_change', 7],
  ['circles-that-fail', 'say $((n % 2)); exit $n', {}, 'same_failure', 3],
  ['talks-in-git', other, { workspace: GIT, max_unchanged: 2 }, 'no_change', 2],
  ['reads-in-git', 'cat file; git status; say read', { workspace: GIT, max_unchanged: 3 }, 'no_change', 3],
  ['writes-the-same', 'echo text >file; say written', { workspace: GIT, max_unchanged: 3 }, 'no_change', 3],
  [
    'takes-it-back',
    'echo $n >file; git checkout -q file; say $n',
    { workspace: GIT, max_unchanged: 2 },
    'no_change',
    2,
  ],
  ['writes-what-is-ignored', 'echo $n >log; say $n', { workspace: GIT, max_unchanged: 3 }, 'no_change', 3],
  ['touches', 'touch file; say $n', { workspace: GIT, max_unchanged: 2 }, 'no_change', 2],
  ['says-nothing', 'head; echo; exit 0', {}, 'same_failure', 3],
  ['is-silent', 'exit 0', {}, 'same_failure', 3],
  // Something comes of it, without an end.
  ['is-busy', other, { max_iterations: 4 }, 'iterations', 4],
  [
    'changes-a-file',
    'echo $n >file; say same',
    { workspace: GIT, max_unchanged: 1, max_iterations: 3 },
    'iterations',
    3,
  ],
  [
    'adds-files',
    'echo $n >new-$n; say same',
    { workspace: GIT, max_unchanged: 1, max_iterations: 3 },
    'iterations',
    3,
  ],
  [
    'commits',
    'echo $n >file; commit; say same',
    { workspace: GIT, max_unchanged: 1, max_iterations: 3 },
    'iterations',
    3,
  ],
  [
    'changes-then-rests',
    '[ $n -gt 2 ] || echo $n >file; say same',
    { workspace: GIT, max_unchanged: 2 },
    'no_change',
    4,
  ],
  // It fails.
  ['fails', 'exit 1', {}, 'same_failure', 3],
  ['fails-once', 'exit 1', { max_same_failures: 1 }, 'same_failure', 1],
  ['fails-by-another-number', 'exit $n', {}, 'same_failure', 3],
  ['fails-with-words', PROBLEM, {}, 'same_failure', 3],
  ['fails-after-work', `echo $n >file; ${PROBLEM}`, { workspace: GIT }, 'same_failure', 3],
  ['fails-and-gets-well', '[ $((n % 2)) = 0 ] || exit 1; say $n', { max_iterations: 5 }, 'iterations', 5],
  ['is-killed', 'kill -9 $$', {}, 'same_failure', 3],
  ['dumps', 'kill -SEGV $$', {}, 'same_failure', 3],
  ['is-no-program', 'exec /nowhere/agent', {}, 'same_failure', 3],
  ['is-no-script', 'if then', {}, 'same_failure', 3],
  ['removes-its-workspace', 'rm -rf "$PWD"; say gone', {}, 'same_failure', 4],
  ['gate-that-fails', ok, { gate: 'false' }, 'same_failure', 3],
  ['gate-of-two-words', ok, { gate: 'test -e nowhere' }, 'same_failure', 3],
  // It says that it is done.
  ['says-it', 'say DONE', { completion_word: '# DONE' }, 'completed', 1],
  ['says-it-later', '[ $n = 3 ] && say DONE || say $n', { completion_word: '# DONE' }, 'completed', 3],
  [
    'says-it-at-the-last',
    '[ $n = 2 ] && say DONE || say $n',
    { completion_word: '# DONE', max_iterations: 2 },
    'completed',
    2,
  ],
  [
    'says-it-within-a-line',
    'say "not yet $n # DONE soon"',
    { completion_word: '# DONE', max_iterations: 3 },
    'iterations',
    3,
  ],
  ['says-it-otherwise', 'say "done"', { completion_word: '# DONE', max_unchanged: 1 }, 'no_change', 2],
  ['says-it-and-fails', 'say DONE; exit 1', { completion_word: '# DONE' }, 'same_failure', 3],
  [
    'is-refuted',
    'say DONE',
    { completion_word: '# DONE', verify: 'false', max_unchanged: 1 },
    'no_change',
    2,
  ],
  ['is-verified', other, { verify: 'test -e done-2' }, 'verified', 2],
  ['is-verified-at-the-last', other, { verify: 'test -e done-2', max_iterations: 2 }, 'verified', 2],
  // It uses something up.
  ['spends-tokens', other, { max_tokens: 20 }, 'tokens', 3],
  ['spends-all-at-once', other, { max_tokens: 1 }, 'tokens', 1],
  ['costs', 'cost 0.4', { agent: 'spender', max_cost_usd: 1 }, 'cost', 3],
  ['has-no-quota', 'limit', { agent: 'limited' }, 'quota', 1],
  ['hangs', 'sleep 300', { max_seconds: 2 }, 'time', 1],
  [
    'leaves-daemons',
    'setsid sleep 300 & (setsid sleep 300 &); say $n',
    { max_iterations: 2 },
    'iterations',
    2,
  ],
  // It floods.
  ['prints-10-mb', 'head; yes "$LINE" | head -c 10000000; say same', { max_unchanged: 2 }, 'no_change', 3],
  [
    'prints-a-line-of-10-mb',
    `head; yes "$LINE" | head -c 10000000 | tr -d '\\n'; echo; say same`,
    { max_unchanged: 2 },
    'no_change',
    3,
  ],
  ['prints-garbage', 'head; head -c 1000000 /dev/urandom; echo; exit 1', {}, 'same_failure', 3],
]

/** Rounds that a loop may be late. */
const LATE = 5
const AT_A_TIME = 4

t.test('50 agents that do nothing, fail, or talk in circles are ended with the right cause', async (t) => {
  t.equal(ROWS.length, 50)
  const scripts = mkdtempSync(path.join(os.tmpdir(), 'looper-scripted-'))
  t.teardown(() => rmSync(scripts, { recursive: true }))
  const config = path.join(scripts, 'config.json')
  const spender = path.join(scripts, 'spender')
  const agent = { argv: [spender], output: 'events' }
  writeFileSync(config, JSON.stringify({ agents: { spender: agent, limited: agent } }))
  writeFileSync(spender, '#!/bin/sh\neval "$(cat)"\n', { mode: 0o755 })
  const { ask, define, act, service, file, logDir } = await setUpLoops(t, '', {
    LOOPER_CONFIG: config,
    LOOPER_MAX_RUNS: '8',
    // The repository that these tests lie in is nobody's work tree here.
    GIT_CEILING_DIRECTORIES: path.join(t.testdirName, 'workspace'),
    LOOPER_ALLOWED_EXECUTABLES: 'test:false',
  })

  const over = new Set<string>()
  const stream = await openEvents(`${service().url}/events`)
  t.teardown(() => stream.close())
  const heard = (async () => {
    for await (const { event, data } of stream.events) {
      if (event !== 'loop') continue
      const { step, loop } = JSON.parse(data)
      if (step === 'ended' || step === 'paused') over.add(loop)
      if (over.size === ROWS.length) return
    }
  })()
  async function play([name, script, definition]: Row): Promise<void> {
    const workspace = file(name)
    mkdirSync(workspace)
    if (definition.workspace === GIT) makeRepository(workspace)
    const program = path.join(scripts, `${name}.sh`)
    writeFileSync(program, `${PREAMBLE}${script}\n`)
    await define(name, { max_iterations: 20, ...definition, user: `exec /bin/sh ${program}`, workspace })
    await act(name, 'start')
    await until(`${name} is over`, () => over.has(name), 60_000)
  }
  // Some at a time: a git repository that cannot be looked at in three seconds counts as none.
  const waiting = [...ROWS]
  const lane = async () => {
    for (let row = waiting.shift(); row; row = waiting.shift()) await play(row)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, lane))
  await heard

  const { loops } = Value.Parse(LoopList, (await ask('')).body)
  for (const { name, cause, why, iteration } of loops) {
    const [, , , expected, rounds] = ROWS.find(([one]) => one === name) ?? []
    t.equal(cause, expected, `${name}: ${why}`)
    t.ok(iteration >= Number(rounds) && iteration <= Number(rounds) + LATE, `${name}: ${iteration} rounds`)
  }
  const ofRuns = carriers(markOf(logDir)).filter((pid) =>
    textOf(`/proc/${pid}/environ`).includes('LOOPER_RUN_ID='),
  )
  t.same(ofRuns, [], 'nothing of them is left')
  t.equal((await fetch(`${service().url}/health`)).status, 200)
})

/** `$n` is the number of the round, which stands outside of the workspace. */
const PREAMBLE = `n=$(($(cat "$0.n" 2>/dev/null || echo 0) + 1)); echo $n >"$0.n"
[ -d .git ] || : >"done-$n"
LINE='a line of some sixty characters, as agents may well print it'
head() { if [ $# = 0 ]; then printf 'OpenAI Codex v0.169.0\\nuser\\n\\n'; else command head "$@"; fi; }
say() { head; printf 'codex\\n# %s\\ntokens used\\n7\\n# %s\\n' "$1" "$1"; }
cost() { echo '{"kind":"turn"}'; echo "{\\"kind\\":\\"text\\",\\"text\\":\\"# round $n\\"}"
  echo "{\\"kind\\":\\"usage\\",\\"of\\":\\"step\\",\\"input\\":5,\\"cached\\":0,\\"output\\":1,\\"cost_usd\\":$1}"; }
limit() { echo '{"kind":"turn"}'; echo '{"kind":"error","text":"usage limit reached","status":429,"retrying":false}'; exit 1; }
commit() { git -c user.name=a -c user.email=a@localhost commit -qam "$n"; }
`

function makeRepository(workspace: string): void {
  writeFileSync(path.join(workspace, 'file'), 'text\n')
  writeFileSync(path.join(workspace, '.gitignore'), 'log\n')
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@localhost']
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
    [...identity, 'commit', '-qm', 'first'],
  ])
    execFileSync('git', ['-C', workspace, ...args])
}
