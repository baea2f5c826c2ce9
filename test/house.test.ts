import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { PROJECT } from './helpers/service.ts'

/** The kinds of plug-ins, with the file that is the door of each. */
const KINDS = { agents: 'agent', notices: 'notice', triggers: 'trigger', views: 'view', places: 'place' }
/** Rooms inside: they know no kind but by its door. */
const INNER = ['base', 'settings', 'processes', 'record', 'logging', 'logs', 'http', 'runs']
/** What puts everything together. */
const OUTER = ['plugins.ts', 'config.ts', 'service.ts', 'app.ts', 'secrets.ts', 'checks.ts']
const MOST_LINES = 300
const LIKELY_LINES = 60

const files = readdirSync(path.join(PROJECT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|js|cjs|css|sh)$/.test(file))
  .map((file) => ({ file, text: readFileSync(path.join(PROJECT, 'src', file), 'utf8') }))

interface Import {
  readonly target: string
  readonly isType: boolean
}

/** What a file of `src` imports of `src`, types in JSDoc included. */
function importsOf({ file, text }: { file: string; text: string }): Import[] {
  const found = [
    ...text.matchAll(
      /^(?:import|export) (?<type>type )?(?:[^'\n]|\n(?! *\n))*?from '(?<path>\.{1,2}\/[^']+)'/gm,
    ),
    ...text.matchAll(/import\('(?<path>\.{1,2}\/[^']+)'\)(?<type>\.[A-Z])?/g),
  ]
  return found.map(({ groups }) => ({
    target: path.join(path.dirname(file), `${groups?.path}`),
    isType: groups?.type !== undefined,
  }))
}

/** The folder of a plug-in that a file lies in; null for what is shared within its kind. */
function pluginOf(file: string): string | null {
  const [kind = '', name = '', ...rest] = file.split('/')
  return kind in KINDS && rest.length > 0 ? `${kind}/${name}` : null
}

/** What says "codex" or "zulip" outside of their folders, and why it may: callers know these words. */
const ALLOWED: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/(zulip_message|zulip_output|zulip_script_path)/, "fields of POST /run's contract"],
  [/codex_(exec|prompt|send)\w*/, "fields of POST /run's contract"],
  [/`codex`/, 'the agent of whoever names none, as callers have always had it'],
  [/CODEX_EXEC\b|CODEX_EXEC_/, 'settings that callers have had from the beginning'],
  [/codex\.exec\./, 'events of the server log that callers read'],
  [/'\.\/codex\/client\.ts'/, 'the clients of "looper mcp install", which are those of persons'],
  [/codex-exec-/, 'names of run logs'],
  [
    /`codex exec` of this user|codex exec exited early|failed to send Zulip message/,
    "sentences of POST /run's contract",
  ],
]

t.test('no agent and no way to tell people is named outside of its folder', async (t) => {
  const named: string[] = []
  for (const { file, text } of files) {
    for (const name of ['codex', 'zulip']) {
      if (file.split('/').includes(name) || file === 'plugins.ts') continue
      for (const line of text.split('\n')) {
        const rest = ALLOWED.reduce((left, [pattern]) => left.replaceAll(new RegExp(pattern, 'g'), ''), line)
        if (rest.toLowerCase().includes(name)) named.push(`src/${file}: ${line.trim()}`)
      }
    }
  }
  t.strictSame(named, [])
  for (const [pattern, why] of ALLOWED)
    t.ok(
      files.some(({ text }) => pattern.test(text)),
      `${why} are still there`,
    )
})

t.test('a plug-in is entered by its door, and inner rooms know no outer one', async (t) => {
  const wrong: string[] = []
  for (const one of files) {
    const [room = ''] = one.file.split('/')
    for (const { target, isType } of importsOf(one)) {
      const other = pluginOf(target)
      const isForeign = other !== null && other !== pluginOf(one.file)
      const isDoor = one.file === 'plugins.ts' ? target.endsWith('/plugin.ts') : false
      // How an answer looks is for whoever asks.
      const isAnswer = isType && /[/-]schemas\.ts$/.test(target)
      const isOuter = INNER.includes(room) && OUTER.includes(target)
      if ((isForeign && !isDoor && !isAnswer) || isOuter) wrong.push(`src/${one.file} imports src/${target}`)
    }
  }
  t.strictSame(wrong, [])
})

t.test('no file imports itself, over however many others', async (t) => {
  const graph = new Map(
    files.map((one) => [
      one.file,
      importsOf(one)
        .filter(({ isType }) => !isType)
        .map(({ target }) => target),
    ]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const walk = (file: string, way: readonly string[]) => {
    if (way.includes(file)) cycles.push([...way.slice(way.indexOf(file)), file].join(' → '))
    if (way.includes(file) || done.has(file)) return
    for (const target of graph.get(file) ?? []) walk(target, [...way, file])
    done.add(file)
  }
  for (const file of graph.keys()) walk(file, [])
  t.strictSame(cycles, [])
})

t.test('every kind has its door, a short one', async (t) => {
  for (const [kind, door] of Object.entries(KINDS)) {
    const found = files.find(({ file }) => file === `${kind}/${door}.ts`)
    t.ok(found, `src/${kind}/${door}.ts`)
  }
})

t.test('no file is long, and most are short', async (t) => {
  const lines = files.map(({ file, text }) => ({ file, count: text.split('\n').length - 1 }))
  t.strictSame(
    lines.filter(({ count }) => count > MOST_LINES),
    [],
  )
  const sorted = lines.map(({ count }) => count).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  t.ok(median <= LIKELY_LINES, `the median is ${median} lines`)
})
