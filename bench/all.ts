import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { readArguments } from './frame/arguments.ts'
import { documentOf } from './frame/document.ts'
import { RESULTS, type Result } from './frame/report.ts'
import { NOTES } from './notes.ts'

/**
 * Asks every question, one after the other, each in a process of its own, and writes `docs/benchmarks.md`; a quick one
 * goes to `bench/results/benchmarks.md`, since its numbers mean nothing. Exits 1 where a question could not be answered,
 * never because of a number.
 */

const QUESTIONS = [
  'trigger',
  'start',
  'requests',
  'stop',
  'flood',
  'idle',
  'tools',
  'history',
  'followers',
  'slots',
  'git-workspace',
  'loops',
]

/** All of them together take some twelve minutes; one that takes this long hangs. */
const LIMIT_MS = 180_000

const { isQuick } = readArguments('npm run bench --')
const begin = performance.now()
let child: ChildProcess | null = null
let stopped: NodeJS.Signals | null = null
// The question cleans up, and is waited for.
const stop = (signal: NodeJS.Signals) => {
  stopped = signal
  child?.kill(signal)
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)

const stopHanging = (question: ChildProcess) => {
  console.error(`not within ${LIMIT_MS / 1000} s`)
  question.kill('SIGTERM')
}

const results: Result[] = []
const failed: string[] = []
for (const [index, name] of QUESTIONS.entries()) {
  const seconds = Math.round((performance.now() - begin) / 1000)
  console.log(`\n── ${index + 1} of ${QUESTIONS.length}: ${name}, after ${seconds} s`)
  const file = path.join(RESULTS, `${name}.json`)
  rmSync(file, { force: true })
  const args = [path.join(import.meta.dirname, `${name}.ts`), ...(isQuick ? ['--quick'] : [])]
  child = spawn(process.execPath, args, { stdio: 'inherit' })
  const limit = setTimeout(stopHanging, LIMIT_MS, child)
  const [status] = await once(child, 'exit')
  clearTimeout(limit)
  if (stopped !== null) process.exit(stopped === 'SIGINT' ? 130 : 143)
  if (status === 0) results.push(JSON.parse(readFileSync(file, 'utf8')))
  else failed.push(name)
}

const target = isQuick
  ? path.join(RESULTS, 'benchmarks.md')
  : path.resolve(import.meta.dirname, '../docs/benchmarks.md')
mkdirSync(path.dirname(target), { recursive: true })
writeFileSync(target, documentOf(results, failed, NOTES))
console.log(`\n${target}, after ${Math.round((performance.now() - begin) / 1000)} s`)
if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : 0
