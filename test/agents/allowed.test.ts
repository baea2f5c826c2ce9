import { symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { programsOf, scriptsOf } from '../../src/agents/allowed.ts'
import { codex } from '../../src/agents/codex/codex.ts'

const SENDER = 'scripts/send-zulip-dm.ts'

/** A project with a sender, a program on PATH, and a helper script in the home. */
function setUp(test: Test) {
  const dir = test.testdir({ scripts: { 'send-zulip-dm.ts': '' }, bin: {}, home: { 'notify.ts': '' } })
  const program = (name: string) => {
    const file = path.join(dir, 'bin', name)
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 })
    return file
  }
  const places = {
    projectDir: dir,
    home: path.join(dir, 'home'),
    searchPath: path.join(dir, 'bin'),
    ...codex.program,
  }
  return { dir, program, places }
}

t.test("the agent's program is always allowed as a program, our own sender as a script", async (t) => {
  const { dir, program, places } = setUp(t)
  t.strictSame(programsOf([], places), new Map(), 'there may be no program yet')
  const codex = program('codex')
  t.strictSame(programsOf([], places), new Map([[codex, codex]]))
  const mine = program('mine')
  t.strictSame(programsOf([], { ...places, configured: mine }), new Map([[mine, mine]]))
  t.strictSame(scriptsOf([], [SENDER], places), new Set([path.join(dir, SENDER)]), 'and neither as the other')
  t.strictSame(scriptsOf([], [SENDER], { ...places, projectDir: '/no/such' }), new Set())
})

t.test('what the owner lists is a program, a script, or nothing', async (t) => {
  const { dir, program, places } = setUp(t)
  const tool = program('tool')
  symlinkSync(tool, path.join(dir, 'bin/link'))
  const notify = path.join(dir, 'home/notify.ts')
  const listed = ['tool', 'bin/link', '~/notify.ts', 'scripts', 'none', '/no/such']
  const link = path.join(dir, 'bin/link')
  const programs = programsOf(listed, places)
  t.strictSame(
    new Set(programs.keys()),
    new Set([tool, link, notify]),
    'by real paths and the names of the owner',
  )
  t.equal(programs.get(link), link, 'a shim is run by its own name')
  t.strictSame(scriptsOf(listed, [SENDER], places), new Set([tool, notify, path.join(dir, SENDER)]))
})
