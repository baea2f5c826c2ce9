import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Runs the tests of real agents. Installs the agents first, in pinned versions, below node_modules/.cache/agents: together they
 * take some 800 MB, so they are no dev dependencies. What is there in these versions stays.
 */
const AGENTS: Readonly<Record<string, string>> = {
  '@anthropic-ai/claude-code': '2.1.332',
  'opencode-ai': '1.18.33',
}
/** What the packages run when they are installed: it puts the program for this machine in place. */
const SCRIPTS = ['@anthropic-ai/claude-code/install.cjs', 'opencode-ai/postinstall.mjs']

const dir = path.resolve(import.meta.dirname, '../node_modules/.cache/agents')
const wanted = `${JSON.stringify({ private: true, dependencies: AGENTS }, null, 2)}\n`
const done = path.join(dir, 'installed.json')

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: dir, stdio: 'inherit' })
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(' ')} ended with status ${status}`)
}

if (existsSync(done) && readFileSync(done, 'utf8') === wanted) {
  process.stdout.write('The agents are installed already.\n')
} else {
  mkdirSync(dir, { recursive: true })
  rmSync(done, { force: true })
  writeFileSync(path.join(dir, 'package.json'), wanted)
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'])
  for (const script of SCRIPTS) run(process.execPath, [path.join(dir, 'node_modules', script)])
  writeFileSync(done, wanted)
}

const tap = path.resolve(import.meta.dirname, '../node_modules/.bin/tap')
const tests = globSync('test-agents/*.test.ts')
const { status } = spawnSync(tap, ['--disable-coverage', '--timeout=600', ...tests], { stdio: 'inherit' })
process.exitCode = status ?? 1
