import { spawnSync } from 'node:child_process'
import t from 'tap'
import { codex } from '../../../src/agents/codex/codex.ts'
import { shellQuote } from '../../../src/base/shell-quote.ts'
import { PLAIN_TASK } from '../../helpers/heart.ts'

const RUNS: readonly (readonly string[])[] = [
  ['codex', 'exec'],
  ['codex', 'exec', 'do this'],
  ['/usr/local/bin/codex', 'exec', '--', 'do this'],
  ['./codex', 'exec', '-'],
  ['/opt/with space/codex', 'exec', 'go'],
  ['codex', 'e', 'do this'],
  ['codex', '--ask-for-approval', 'never', 'exec', 'do this'],
  ['codex', '-a', 'never', 'exec', 'do this'],
  ['codex', '--ask-for-approval=never', 'exec', 'do this'],
  ['codex', '-c', 'model=o3', 'exec', 'do this'],
  ['codex', '-c', 'model=exec', '-c', 'a="b c"', 'e', 'do this'],
  ['codex', '--config', 'k=v', '--enable', 'x', '--disable', 'y', 'exec'],
  ['codex', '-m', 'review', 'exec', 'do this'],
  ['codex', '-C', '/repo', '-s', 'read-only', '-p', 'work', '--add-dir', '/x', 'exec'],
  ['codex', '--search', 'exec', 'do this'],
  ['codex', '--dangerously-bypass-approvals-and-sandbox', 'exec', 'do this'],
  ['codex', 'exec', 'resume', '--last'],
  ['codex', 'exec', 'review'],
  ['node', '/usr/lib/node_modules/.bin/codex', 'exec', 'do this'],
  ['/usr/bin/node', '/usr/lib/node_modules/@openai/codex/bin/codex.js', 'exec', 'do this'],
  ['node', '/x/codex.mjs', '-c', 'k=v', 'exec'],
  ['node', '/x/codex.cjs', 'e'],
  ['node', '--require', 'x', 'codex', 'exec'],
  ['node', '-r', 'codex', '--no-warnings', '/x/codex', 'exec'],
  ['node', '--env-file', '.env', '--import', 'tsx', '/x/codex.js', 'exec'],
  ['node', '--max-old-space-size=4096', '--', '/x/codex', 'exec'],
  ['nodejs', '/x/codex', 'exec'],
  ['bun', '/x/codex.js', 'exec'],
  ['sh', '/x/codex', 'exec'],
  ['sh', '-e', '/x/codex', 'exec'],
  ['/bin/bash', '-o', 'pipefail', '/x/codex', 'exec', 'do this'],
  ['python3', '/x/codex', 'exec'],
  ['python3.12', '-W', 'ignore', '-u', '/x/codex', 'exec'],
]

const BYSTANDERS: readonly (readonly string[])[] = [
  [],
  [''],
  ['codex'],
  ['codex', ''],
  ['codex', '--version'],
  ['codex', '-c'],
  ['codex', '-c', 'exec'],
  ['codex', '--model', 'exec'],
  ['codex', 'review'],
  ['codex', 'resume', 'exec'],
  ['codex', 'mcp', 'exec'],
  ['codex', 'exec the plan'],
  ['codex', 'executive summary'],
  ['codex', 'Exec'],
  ['codex', '--', 'exec'],
  ['codex', '-m', 'o3', '--', 'e'],
  ['codex-linux-sandbox', '--sandbox-policy', '{}', '--', 'codex', 'exec'],
  ['codex-exec', 'exec'],
  ['mycodex', 'exec'],
  ['/opt/codex/bin/other', 'exec'],
  ['codex.log', 'exec'],
  ['vim', 'codex', 'exec'],
  ['nano', '/notes/codex exec.md'],
  ['less', 'codex-exec-20260101-000000-0a1b2c3d.log'],
  ['tail', '-f', 'codex-exec-20260101-000000-0a1b2c3d.log'],
  ['grep', '-r', 'codex exec', '.'],
  ['pgrep', '-f', 'codex exec'],
  ['watch', 'codex', 'exec'],
  ['man', 'codex', 'exec'],
  ['ssh', 'host', 'codex', 'exec'],
  ['timeout', '60', 'codex', 'exec'],
  ['setsid', 'codex', 'exec'],
  ['sudo', 'codex', 'exec'],
  ['sh', '-c', 'codex exec'],
  ['sh', '-c', 'codex', 'exec'],
  ['sh', '-ec', 'codex exec "do this"'],
  ['bash', '-lc', 'codex exec'],
  ['bash', '-lc', '/x/codex', 'exec'],
  ['bash', '-s', 'codex', 'exec'],
  ['bash'],
  ['sh', '-o'],
  ['sh', '/x/run-codex-task.sh', 'codex', 'exec'],
  ['node'],
  ['node', '-e', 'codex', 'exec'],
  ['node', '-pe', 'codex', 'exec'],
  ['node', '--eval', 'codex', 'exec'],
  ['node', '--eval=1\n2', 'codex', 'exec'],
  ['node', '--check', 'codex', 'exec'],
  ['node', '--print=1', 'codex', 'exec'],
  ['node', '/x/server.js', 'codex', 'exec'],
  ['node', '--require', 'codex', 'server.js', 'exec'],
  ['node', '/x/codex.ts', 'exec'],
  ['node', '/x/codex.js', 'review'],
  ['node', '/x/codex.js'],
  ['node-gyp', 'codex', 'exec'],
  ['python3', '-c', 'codex', 'exec'],
  ['python3', '-m', 'codex', 'exec'],
  ['python3', '-Bm', 'codex', 'exec'],
  ['perl', '/x/codex', 'exec'],
]

t.test('a run of codex is recognised', async (t) => {
  for (const argv of RUNS) t.equal(codex.isRun(argv), true, shellQuote(argv))
})

t.test('a bystander is left alone', async (t) => {
  for (const argv of BYSTANDERS) t.equal(codex.isRun(argv), false, shellQuote(argv))
})

const task = {
  ...PLAIN_TASK,
  binary: '/usr/bin/codex',
  workspace: '/my repo',
  prompt: 'do this',
  runId: '1234-abcd',
}

t.test('the command asks nobody, stays in the workspace, and hands the cookie down', async (t) => {
  t.strictSame(codex.command(task), {
    argv: [
      '/usr/bin/codex',
      '--ask-for-approval',
      'never',
      'exec',
      '--sandbox',
      'workspace-write',
      '-C',
      '/my repo',
      '-c',
      'shell_environment_policy.set.LOOPER_RUN_ID=1234-abcd',
      '--',
      'do this',
    ],
    stdin: null,
    env: {},
    files: {},
  })
  t.match(codex, { name: 'codex', approvalPolicy: 'never', sandbox: 'workspace-write' })
})

t.test('what Looper launches it also recognises, whatever the prompt', async (t) => {
  for (const prompt of ['do this', '-', '--help', 'review', 'x'.repeat(200_000)]) {
    t.equal(codex.isRun(codex.command({ ...task, prompt }).argv), true, prompt.slice(0, 10))
  }
})

t.test('a prompt that looks like an option or a subcommand stays behind the --', async (t) => {
  for (const prompt of ['--help', '-c', 'review', 'resume', '--', '']) {
    const { argv, stdin } = codex.command({ ...task, prompt })
    t.strictSame(argv.slice(-2), ['--', prompt])
    t.equal(stdin, null)
  }
})

t.test('a prompt of one dash goes through stdin, or codex would wait for another one there', async (t) => {
  const { argv, stdin } = codex.command({ ...task, prompt: '-' })
  t.strictSame(argv.slice(-2), ['--', '-'])
  t.equal(stdin, '-')
})

t.test('a prompt goes into argv as long as the system lets it, counted in bytes', async (t) => {
  const longest = 'x'.repeat(131_071)
  t.strictSame(codex.command({ ...task, prompt: longest }).argv.at(-1), longest)
  t.equal(codex.command({ ...task, prompt: longest }).stdin, null)

  for (const tooLong of ['x'.repeat(131_072), `${'ü'.repeat(65_535)}xx`]) {
    const { argv, stdin } = codex.command({ ...task, prompt: tooLong })
    t.equal(argv.at(-1), '-')
    t.equal(stdin, tooLong)
  }
})

t.test('the limit is the one of this system', { skip: process.platform !== 'linux' }, async (t) => {
  const start = (bytes: number) => spawnSync('true', ['x'.repeat(bytes)])
  t.equal(start(131_071).status, 0)
  t.match(start(131_072).error, { code: 'E2BIG' })
})

t.test('the tokens a run used stand in its last lines', async (t) => {
  t.equal(codex.tokensUsed('codex\nDone.\ntokens used\n1,050\nDone.'), 1050)
  t.equal(codex.tokensUsed('tokens used\n7'), 7)
  t.equal(codex.tokensUsed('tokens used\n1,234,567'), 1_234_567)
  for (const tail of ['', 'tokens used', 'tokens used\nmany', 'all tokens used\n7', 'tokens used: 7']) {
    t.equal(codex.tokensUsed(tail), null, JSON.stringify(tail))
  }
})
