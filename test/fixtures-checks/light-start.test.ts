import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { PROJECT } from '../helpers/service.ts'

const HELPER = path.join(PROJECT, 'test/helpers/light-start.js')
/** As they are without the helper: options of their own, so that whoever runs these tests adds none but its own. */
const PLAIN = { PATH: process.env.PATH, NODE_OPTIONS: '--stack-trace-limit=10' }

/** A file as there was none: it tells what is left of it without its types, and where it stands. */
const source = () => `// ${randomUUID()} — ü
interface Unused { readonly a: number }
const kept = (value: number): string => \`\${value satisfies number}\`
console.log(kept(1), String(kept).slice(0, 20), new Error('here').stack?.split('\\n')[1])
`

const run = (args: readonly string[]) =>
  spawnSync(process.execPath, args, { cwd: PROJECT, encoding: 'utf8', env: PLAIN })

t.test('what was kept runs as what Node strips by itself', async (t) => {
  const file = path.join(t.testdir({ 'file.ts': source() }), 'file.ts')
  const plain = run([file])
  t.match(plain.stdout, /^1 \(value {8}\)/, plain.stderr)
  t.match(plain.stdout, 'file.ts:4:')
  for (const time of ['first', 'second']) {
    const { stdout, stderr } = run([`--import=${HELPER}`, file])
    t.strictSame({ stdout, stderr }, { stdout: plain.stdout, stderr: '' }, time)
  }
})

t.test('a file that changes is stripped anew, and one that Node cannot strip is named', async (t) => {
  const file = path.join(t.testdir(), 'file.ts')
  for (const value of [1, 2]) {
    writeFileSync(file, `const a: number = ${value}\nconsole.log(a)`)
    t.equal(run([`--import=${HELPER}`, file]).stdout, `${value}\n`)
  }
  writeFileSync(file, 'enum A { B }')
  t.match(run([`--import=${HELPER}`, file]).stderr, `${file}:1\nenum A { B }`)
})

t.test('what is started from there, and from that, does the same, and is told so once', async (t) => {
  const script =
    "console.log(require('child_process').execFileSync(process.execPath, ['-p', 'process.env.NODE_OPTIONS'])+'')"
  const told = run([`--import=${HELPER}`, '-e', script]).stdout
  t.equal(told.split(`--import=file://${HELPER}`).length, 2, told)
})
