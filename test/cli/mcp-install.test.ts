import { chmodSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { changedLines } from '../../src/cli/mcp/changed-lines.ts'
import { writeProjectFile } from '../../src/cli/mcp/project-file.ts'
import { type CommandOptions, runCommand } from '../helpers/command.ts'
import { PROJECT } from '../helpers/service.ts'

const PACKAGE: CommandOptions = { world: { isCheckout: false }, env: { LOOPER_API_TOKEN: 'secret-token' } }
const TERMINAL = { ...PACKAGE, isInTerminal: true, columns: 120 }

/** A repository with a directory in it, where the command is run. */
function projectOf(t: Test, files: object = {}) {
  const dir = t.testdir({ '.git': {}, src: {}, ...files })
  const install = (client: string, options: CommandOptions = PACKAGE, args: string[] = ['--yes']) =>
    runCommand(['mcp', 'install', client, ...args], { ...options, cwd: path.join(dir, 'src') })
  const file = (name: string) => path.join(dir, name)
  return { dir, install, file, textOf: (name: string) => readFileSync(file(name), 'utf8') }
}

t.test('each program has it in the file of the project that it reads', async (t) => {
  const stdio = { command: 'looper', args: ['mcp'] }
  const wanted = {
    claude: ['.mcp.json', { mcpServers: { looper_runs: { type: 'stdio', ...stdio } } }],
    cursor: ['.cursor/mcp.json', { mcpServers: { looper_runs: stdio } }],
    opencode: [
      'opencode.json',
      { mcp: { looper_runs: { type: 'local', command: ['looper', 'mcp'], enabled: true } } },
    ],
  } as const
  const { install, textOf, file } = projectOf(t)
  for (const [client, [name, value]] of Object.entries(wanted)) {
    const { status, out } = await install(client)
    t.equal(status, 0)
    t.match(out, /\n\+ {5}"looper_runs": \{\n[\s\S]*Written\. /)
    t.strictSame(JSON.parse(textOf(name)), value)
    t.ok(textOf(name).endsWith('}\n'))
    t.equal(statSync(file(name)).mode & 0o111, 0)
  }
  await install('codex')
  t.equal(
    textOf('.codex/config.toml'),
    `[mcp_servers.looper_runs]
command = "looper"
args = ["mcp"]
env_vars = ["LOOPER_URL", "LOOPER_API_TOKEN", "LOOPER_RUN_ID", "LOOPER_RUN_TOKEN"]
`,
  )
  for (const client of [...Object.keys(wanted), 'codex']) {
    const { status, out } = await install(client, PACKAGE, [])
    t.equal(status, 0, 'the second time it asks nothing')
    t.match(out, 'nothing is changed')
  }
  for (const name of ['.mcp.json', '.cursor/mcp.json', 'opencode.json', '.codex/config.toml'])
    t.notMatch(textOf(name), 'secret-token')
})

t.test('in a checkout it is named by its path, and with an address that was named', async (t) => {
  const { install, textOf } = projectOf(t)
  await install('cursor', {}, ['--yes', '--url', 'http://127.0.0.1:4000/run'])
  t.strictSame(JSON.parse(textOf('.cursor/mcp.json')).mcpServers.looper_runs, {
    command: process.execPath,
    args: [path.join(PROJECT, 'bin/looper.js'), 'mcp', '--url', 'http://127.0.0.1:4000'],
  })
  const { status, err } = await install('claude', {}, ['--yes', '--url', 'http://user:secret@x'])
  t.equal(status, 2)
  t.notMatch(err, 'secret')
})

const KEPT = `{
\t// mine
\t"mcpServers": {
\t\t"other": { "command": "x",   "args": [] }, // odd
\t},
\t"more":   [1,2]
}`

t.test('everything else in the file stays, byte for byte', async (t) => {
  for (const eol of ['\n', '\r\n']) {
    const before = KEPT.replaceAll('\n', eol)
    const { install, textOf } = projectOf(t, { '.mcp.json': before })
    t.equal((await install('claude')).status, 0)
    const after = textOf('.mcp.json')
    const entry = [
      '"looper_runs": {',
      '\t"type": "stdio",',
      '\t"command": "looper",',
      '\t"args": [',
      '\t\t"mcp"',
      '\t]',
      '}',
    ]
    const added = `,${entry.map((line) => `${eol}\t\t${line}`).join('')}`
    t.equal(after, before.replace('}, // odd', `}${added}, // odd`))
    t.match((await install('claude')).out, 'nothing is changed')
  }
  const toml = '# mine\r\n[mcp_servers.other]\r\ncommand = "x"'
  const { install, textOf } = projectOf(t, { '.codex': { 'config.toml': toml } })
  t.equal((await install('codex')).status, 0)
  t.ok(textOf('.codex/config.toml').startsWith(`${toml}\r\n\r\n[mcp_servers.looper_runs]\r\n`))
  t.match((await install('codex')).out, 'nothing is changed')
  const ended = projectOf(t, { '.codex': { 'config.toml': 'a = 1\n' } })
  await ended.install('codex')
  t.match(ended.textOf('.codex/config.toml'), /^a = 1\n\n\[mcp_servers\./)
})

t.test(
  'another command of that name is replaced where that can be shown, and refused where it cannot',
  async (t) => {
    const other = '{"mcpServers":{"looper_runs":{"command":"other"}}}'
    const { install, textOf } = projectOf(t, {
      '.mcp.json': other,
      'opencode.jsonc': '{}',
      '.codex': { 'config.toml': '[mcp_servers.looper_runs]\ncommand = "other"\n' },
    })
    const { out } = await install('claude')
    t.match(out, `- ${other}`)
    t.match(textOf('.mcp.json'), '"command": "looper"')
    await install('opencode')
    t.match(textOf('opencode.jsonc'), 'looper_runs', 'the file that is there')
    const refused = await install('codex')
    t.equal(refused.status, 1)
    t.match(refused.err, /config\.toml: it names looper_runs already.*write by hand/s)
    t.match(textOf('.codex/config.toml'), '"other"')
  },
)

t.test('what cannot be kept as it is, is not touched', async (t) => {
  const bad: readonly (readonly [text: string | Buffer, why: RegExp])[] = [
    ['{', /\.mcp\.json: 1:2: /],
    ['[]', /it is no object/],
    ['{"mcpServers": []}', /"mcpServers" in it is no object/],
    ['\ufeff{}', /is not UTF-8 without a byte order mark/],
    [Buffer.from([0xff, 0xfe, 0x7b, 0, 0x7d, 0]), /is not UTF-8/],
    [' '.repeat(1_200_000), /larger than 1 MiB/],
  ]
  const { install, file } = projectOf(t, {
    '.codex': { 'config.toml': 'mcp_servers = { a = { url = "x" } }\n' },
  })
  for (const [text, why] of bad) {
    writeFileSync(file('.mcp.json'), text)
    const { status, err } = await install('claude')
    t.equal(status, 1)
    t.match(err, why)
    t.match(err, 'Nothing was changed.')
    t.same(readFileSync(file('.mcp.json')), Buffer.from(text))
  }
  t.match((await install('codex')).err, /mcp_servers is in one line/)
  symlinkSync('nowhere', file('opencode.json'))
  t.match((await install('opencode')).err, /broken symbolic link/)
})

t.test('it shows what changes, and asks', async (t) => {
  const { install, file } = projectOf(t)
  const { status, out, err } = await install('claude', { ...TERMINAL, stdin: 'n\n' }, [])
  t.equal(status, 1)
  t.match(out, /\.mcp\.json:.*\n.*\+ \{/)
  t.match(err, 'Write it? [y/N]')
  t.notOk(existsSync(file('.mcp.json')))
  for (const options of [PACKAGE, { ...PACKAGE, isInTerminal: true }, { ...PACKAGE, columns: 80 }]) {
    const refused = await install('claude', options, [])
    t.equal(refused.status, 2)
    t.match(refused.err, /cannot ask without a terminal.*\n.*--yes/)
  }
  t.notOk(existsSync(file('.mcp.json')))
  const done = await install('claude', { ...TERMINAL, stdin: 'y\n' }, [])
  t.equal(done.status, 0)
  t.ok(existsSync(file('.mcp.json')))
})

t.test('links stay links, and rights stay', async (t) => {
  const { install, file, textOf } = projectOf(t, { 'real.json': '{}\n' })
  chmodSync(file('real.json'), 0o640)
  symlinkSync('real.json', file('.mcp.json'))
  await install('claude')
  t.ok(lstatSync(file('.mcp.json')).isSymbolicLink())
  t.match(textOf('real.json'), 'looper_runs')
  t.equal(statSync(file('real.json')).mode & 0o777, 0o640)
})

t.test('who changes the file at the same time loses nothing', async (t) => {
  const { file } = projectOf(t, { '.mcp.json': 'new', taken: 'x', 'taken.looper-new': 'y' })
  t.throws(() => writeProjectFile(file('.mcp.json'), 'old', '{}'), /was changed meanwhile/)
  t.equal(readFileSync(file('.mcp.json'), 'utf8'), 'new')
  t.throws(() => writeProjectFile(file('taken'), 'x', '{}'), /EEXIST/)
  t.equal(readFileSync(file('taken'), 'utf8'), 'x')
})

t.test('outside of a repository it is the directory itself; wrong words are told', async (t) => {
  const dir = t.testdir({})
  const run = (args: string[]) => runCommand(['mcp', ...args], { ...PACKAGE, cwd: '/' })
  t.match(await run(['install']), { status: 2, err: /CLIENT is one of: claude, codex, opencode, cursor/ })
  t.match(await run(['install', 'x']), { status: 2 })
  t.match(await run(['remove', 'claude']), { status: 2 })
  t.match(await run(['--yes']), { status: 2, err: /--yes only works with/ })
  t.match(await run(['install', 'claude']), { status: 2, err: /without a terminal/, out: /^\/\.mcp\.json:/ })
  t.ok(dir)
})

t.test('what differs is shown with some lines around it', async (t) => {
  const lines = (...numbers: number[]) => numbers.map((n) => `line ${n}\n`).join('')
  t.strictSame(changedLines(lines(1, 2, 3, 4, 5, 6, 7, 8, 9), lines(1, 2, 3, 4, 0, 6, 7, 8, 9)), [
    ...['  line 2', '  line 3', '  line 4', '- line 5', '+ line 0', '  line 6', '  line 7', '  line 8'],
  ])
  t.strictSame(changedLines('', 'a'), ['+ a'])
  t.strictSame(changedLines('a', 'a\na'), ['  a', '+ a'])
})
