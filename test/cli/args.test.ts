import t from 'tap'
import { readCommandLine } from '../../src/cli/args.ts'

t.test('options may stand anywhere', async (t) => {
  for (const args of [
    ['--url', 'http://a', 'run', 'hello', '--wait'],
    ['run', '--wait', 'hello', '--url=http://a'],
  ]) {
    const { command, words, options } = readCommandLine(args)
    t.strictSame([command, words, { ...options }], ['run', ['hello'], { url: 'http://a', wait: true }])
  }
  t.strictSame(readCommandLine([]).command, null)
  t.strictSame(readCommandLine(['run', '--', '-5']).words, ['-5'])
})

t.test('--help behind a command asks about it', async (t) => {
  const { command, words } = readCommandLine(['logs', '--help'])
  t.strictSame([command, words], ['help', ['logs']])
})

t.test('what no command takes is wrong use', async (t) => {
  const cases: [string[], RegExp][] = [
    [['launch'], /no command "launch"/],
    [['toString'], /no command "toString"/],
    [['run'], /usage: looper run "MESSAGE" \[-\]$/],
    [['run', 'three', 'words', 'here'], /usage: looper run/],
    [['status', 'now'], /usage: looper status$/],
    [['status', '--limit', '3'], /"looper status" has no option --limit/],
    [['doctor', '--url', 'http://a'], /"looper doctor" has no option --url/],
    [['run', 'x', '--token', 'secret'], /Unknown option '--token'/],
    [['runs', '--limit'], /'--limit <value>' argument missing/],
  ]
  for (const [args, message] of cases)
    t.throws(() => readCommandLine(args), { exit: 2, message, remedy: /looper help/ })
})
