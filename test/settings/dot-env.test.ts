import { mkdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readDotEnv } from '../../src/settings/dot-env.ts'

t.test("the project's .env is read; none is nothing; an unreadable one is told", async (t) => {
  const complaints: string[] = []
  const complain = (line: string) => complaints.push(line)
  t.strictSame(
    { ...readDotEnv(t.testdir({ '.env': 'A=1\n# x\nB="two words"\n' }), complain) },
    { A: '1', B: 'two words' },
  )
  const empty = t.testdir({})
  t.strictSame(readDotEnv(empty, complain), {})
  t.strictSame(complaints, [])
  mkdirSync(path.join(empty, '.env'))
  t.strictSame(readDotEnv(empty, complain), {})
  t.match(complaints, [/^cannot read \.env: EISDIR/])
})
