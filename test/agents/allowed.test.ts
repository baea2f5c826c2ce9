import { symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { executablesOf } from '../../src/agents/allowed.ts'

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
    configured: null,
  }
  return { dir, program, places }
}

t.test("the agent's program and our own sender are always allowed", async (t) => {
  const { dir, program, places } = setUp(t)
  t.strictSame(executablesOf([], places), new Set([path.join(dir, SENDER)]), 'there may be no program yet')
  const codex = program('codex')
  t.strictSame(executablesOf([], places), new Set([path.join(dir, SENDER), codex]))
  const mine = program('mine')
  t.strictSame(executablesOf([], { ...places, configured: mine }), new Set([path.join(dir, SENDER), mine]))
})

t.test('what the owner lists is a program, a script, or nothing', async (t) => {
  const { dir, program, places } = setUp(t)
  const tool = program('tool')
  const link = path.join(dir, 'bin/link')
  symlinkSync(tool, link)
  const notify = path.join(dir, 'home/notify.ts')
  t.strictSame(
    executablesOf(['tool', 'bin/link', '~/notify.ts', 'scripts', 'none', '/no/such'], places),
    new Set([path.join(dir, SENDER), tool, notify]),
    'by real paths',
  )
})

t.test('a project without the sender allows what there is', async (t) => {
  const { program, places } = setUp(t)
  const codex = program('codex')
  t.strictSame(executablesOf([], { ...places, projectDir: '/no/such' }), new Set([codex]))
})
