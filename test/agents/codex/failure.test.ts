import t from 'tap'
import { failureOf } from '../../../src/agents/codex/failure.ts'

const NOW = Date.UTC(2026, 10, 26, 2)
const HEADER = `Reading additional input from stdin...
OpenAI Codex v0.169.0
--------
session id: no-such-session-${process.pid}
--------
user
hello
`
const of = (output: string) => failureOf(output, { CODEX_HOME: '/nowhere' }, NOW)
/** As codex 0.169 ends a turn that failed: the line comes twice. */
const turn = (words: string) => of(`${HEADER}ERROR: Reconnecting... 1/1\nERROR: ${words}\nERROR: ${words}\n`)

t.test('the last words of a turn that failed are why, and each has its remedy', async (t) => {
  const seen: [words: string, remedy: RegExp][] = [
    ['unexpected status 401 Unauthorized: refused, url: http://127.0.0.1:1/v1/responses', /"codex login"/],
    ['Your access token could not be refreshed. Please log out and sign in again.', /"codex login"/],
    ['To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.', /whose plan/],
    ['Quota exceeded. Check your plan and billing details.', /Add credits/],
    ['Your workspace is out of credits. Add credits to continue.', /Add credits/],
    [
      'The model `loopback` does not exist or you do not have access to it.',
      /LOOPER_CODEX_MODEL, or the config.toml/,
    ],
    ['unexpected status 403 Forbidden: <html>, url: http://127.0.0.1:1/v1/responses', /reach the model/],
    ['exceeded retry limit, last status: 429 Too Many Requests', /Wait some minutes/],
    ['We’re currently experiencing high demand, which may cause temporary errors.', /Ask again later/],
    ['unexpected status 503 Service Unavailable: overloaded', /Ask again later/],
    ['stream disconnected before completion: failed to lookup address information', /network of the machine/],
    ['Codex ran out of room in the model’s context window.', /smaller task/],
  ]
  for (const [words, remedy] of seen) t.match(turn(words), { cause: words, remedy }, words)
})

t.test('a start that failed is told as well', async (t) => {
  t.match(
    of(
      'Reading additional input from stdin...\nNot inside a trusted directory and --skip-git-repo-check was not specified.\n',
    ),
    { cause: /^Not inside a trusted directory/, remedy: /Run "git init"/ },
  )
  t.match(of('Error: Model provider `nowhere` not found\n'), { remedy: /config.toml/ })
  t.match(
    of('Error loading config.toml:\n/h/config.toml:1:16: unclosed array\n  |\n1 | m = [\n  |     ^\n'),
    {
      cause: 'Error loading config.toml:',
      remedy: /config.toml/,
    },
  )
  t.match(
    of(
      "error: unexpected argument '--x' found\n\nUsage: codex exec [OPTIONS]\n\nFor more information, try '--help'.\n",
    ),
    {
      cause: "unexpected argument '--x' found",
      remedy: /Update codex/,
    },
  )
})

t.test('what a server says in JSON is told without it', async (t) => {
  const model = "The 'm' model is not supported when using Codex with a ChatGPT account."
  t.match(turn(JSON.stringify({ detail: model })), { cause: model, remedy: /LOOPER_CODEX_MODEL/ })
  t.match(turn(JSON.stringify({ error: { message: model } })), { cause: model })
  t.match(turn(JSON.stringify({ message: model })), { cause: model })
  for (const odd of ['{"detail":7}', '{"a":1}', 'null', '[]', '{"detail"', '7'])
    t.match(turn(odd), { cause: odd, remedy: null }, odd)
})

t.test('a usage limit names the moment that it lasts until, where somebody knows it', async (t) => {
  const limit = 'You’ve hit your usage limit. Upgrade to Pro'
  const at = new Date(new Date(NOW).setHours(15, 6, 0, 0))
  const until = at.getTime() > NOW ? at : new Date(at.getTime() + 86_400_000)
  t.match(turn(`${limit} or try again at 3:05 PM.`), {
    remedy: `Wait until ${until.toISOString()}, or use another account.`,
  })
  t.match(turn(limit), { remedy: 'Wait until the limit is reset, or use another account.' })
  t.match(turn('Usage limit reached.'), { remedy: /^Wait until the limit is reset/ })
})

t.test('words that mean nothing to anybody are told without a remedy', async (t) => {
  t.strictSame(turn('something new'), { cause: 'something new', remedy: null })
})

t.test('who says nothing last has no cause: what a tool printed before is not why', async (t) => {
  const silent = ['', '\n\n', 'done\n', `${HEADER}codex\nall is well\n`, 'ERROR:\n', '  ERROR: indented\n']
  for (const output of silent) t.equal(of(output), null, JSON.stringify(output.slice(-20)))
  t.equal(of(`${HEADER}exec\nERROR: 401 in a test\n${'more\n'.repeat(5)}`), null)
})
