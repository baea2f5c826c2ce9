import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { isRealCodex } from '../../../src/agents/codex/program.ts'

const MODULES = path.resolve(import.meta.dirname, '../../../node_modules')
const WORDS = '… and --skip-git-repo-check was not specified.'
const ELF = Buffer.from('7f454c46020101', 'hex')
const MIB = 1_048_576

t.test('the codex of the npm package is the real one, through whatever link', async (t) => {
  const dir = t.testdir()
  const link = path.join(dir, 'codex')
  symlinkSync(path.join(MODULES, '.bin/codex'), link)
  t.equal(isRealCodex(link), true)
  const vendor = path.join(MODULES, '@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex')
  if (existsSync(vendor)) t.equal(isRealCodex(vendor), true, 'its native program, too')
})

t.test('a native program is the real one if it holds the words of the refusal, wherever', async (t) => {
  const dir = t.testdir()
  const program = (name: string, ...parts: (Buffer | string)[]) => {
    const file = path.join(dir, name)
    writeFileSync(file, Buffer.concat(parts.map((part) => Buffer.from(part))))
    return file
  }
  t.equal(isRealCodex(program('codex', ELF, WORDS)), true)
  t.equal(isRealCodex(program('codex-x86_64-unknown-linux-musl', ELF, Buffer.alloc(9 * MIB), WORDS)), true)
  // The words lie across the border of two reads.
  t.equal(
    isRealCodex(program('codex-across', ELF, Buffer.alloc(4 * MIB - 40), WORDS, Buffer.alloc(MIB))),
    true,
  )
  t.equal(isRealCodex(program('codex-of-mine', ELF, Buffer.alloc(5 * MIB))), false)
  t.equal(isRealCodex(program('other', ELF, WORDS)), false)
})

t.test('a script that stands for codex is not, nor is what is not there', async (t) => {
  const dir = t.testdir()
  const script = path.join(dir, 'codex')
  writeFileSync(script, `#!/bin/sh\n# ${WORDS}\nexec ${MODULES}/.bin/codex "$@"\n`)
  t.equal(isRealCodex(script), false)
  t.equal(isRealCodex(path.join(dir, 'none')), false)
  const beside = path.join(dir, '@openai/codex')
  mkdirSync(beside, { recursive: true })
  writeFileSync(path.join(beside, 'wrapper.sh'), '#!/bin/sh\n')
  t.equal(isRealCodex(path.join(beside, 'wrapper.sh')), false)
})

t.test('a program that is replaced is looked at anew', async (t) => {
  const file = path.join(t.testdir(), 'codex')
  writeFileSync(file, Buffer.concat([ELF, Buffer.from(WORDS)]))
  t.equal(isRealCodex(file), true)
  t.equal(isRealCodex(file), true)
  writeFileSync(file, ELF)
  t.equal(isRealCodex(file), false)
})
