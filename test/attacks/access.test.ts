import { existsSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { FAKE_CODEX, failureOf, MARKER, startTarget } from '../helpers/live-run.ts'

/** What an attack leaves, a program that is allowed, one that is not, and a link of the attacker's. */
const placesIn = (dir: string) =>
  [
    path.join(dir, MARKER),
    path.join(dir, 'tool'),
    path.join(dir, 'evil'),
    path.join(dir, 'mine/codex'),
  ] as const

t.test('programs and helper scripts that the owner did not name are refused', async (t) => {
  const marker = path.join(t.testdirName, MARKER)
  const { run, untouched, dir } = await startTarget(
    t,
    {},
    {
      files: { 'mine.ts': `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')` },
      folders: ['bin'],
    },
  )
  const script = path.join(dir, 'mine.ts')
  const program = path.join(dir, 'bin/codex')
  writeFileSync(program, `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 })
  const disguised = path.join(dir, 'bin/send-zulip-dm.ts')
  symlinkSync('/bin/sh', disguised)
  const attacks: [string, string][] = [
    ['codex_exec_binary', '/bin/sh'],
    ['codex_exec_binary', 'sh'],
    ['codex_exec_binary', program],
    ['codex_exec_binary', `${FAKE_CODEX}/../../../../../../../../../../bin/sh`.replace('/codex/', '/')],
    ['codex_exec_binary', disguised],
    ['zulip_script_path', script],
    ['zulip_script_path', '/etc/passwd'],
    ['zulip_script_path', disguised],
    // What the owner allows as the one is not allowed as the other.
    ['zulip_script_path', FAKE_CODEX],
  ]
  for (const [field, value] of attacks) {
    const what = `${field}=${value}`
    const failure = failureOf(await run({ [field]: value }))
    t.match(failure, { status: 403, code: 'LOOPER_EXECUTABLE_FORBIDDEN' }, what)
    t.match(failure.error, `'${field}'`)
    t.match(failure.error, 'LOOPER_ALLOWED_EXECUTABLES')
    await untouched(t, what)
  }
  t.notOk(existsSync(marker))
})

t.test('workspaces outside of the roots are refused, however they are written', async (t) => {
  const { run, untouched, dir, root, workspace } = await startTarget(
    t,
    {},
    { folders: ['outside', 'root-twin'] },
  )
  const outside = path.join(dir, 'outside')
  symlinkSync(workspace, path.join(outside, 'in'))
  symlinkSync(outside, path.join(root, 'out'))
  const spellings = [
    '/',
    '/etc',
    dir,
    outside,
    `${root}-twin`,
    `${root}/..`,
    `${workspace}/../../outside`,
    `${workspace}/./..//../outside/`,
    `${outside}/in/..`,
    path.join(root, 'out'),
    `${root}/out/.`,
    '~',
    '.',
  ]
  for (const spelling of spellings) {
    const failure = failureOf(await run({ workspace: spelling }))
    t.match(failure, { status: 403, code: 'LOOPER_WORKSPACE_FORBIDDEN' }, spelling)
    t.match(failure.error, 'LOOPER_WORKSPACE_ROOTS')
    await untouched(t, spelling)
  }
  t.strictSame(readdirSync(outside), ['in'])
})

t.test(
  'a workspace that becomes a link while the notice is on its way stops and starts nothing',
  async (t) => {
    const { run, untouched, zulip, dir, root } = await startTarget(
      t,
      {},
      { folders: ['outside', 'root/mine'] },
    )
    const mine = path.join(root, 'mine')
    const outside = path.join(dir, 'outside')
    zulip.interrupt((_request, response) => {
      renameSync(mine, `${mine}.old`)
      symlinkSync(outside, mine)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ result: 'success', msg: '', id: 7 }))
    })
    const failure = failureOf(await run({ workspace: mine }))
    t.match(failure, { status: 403, code: 'LOOPER_WORKSPACE_FORBIDDEN' })
    t.strictSame(readdirSync(outside), [])
    await untouched(t, 'a link in the place of a workspace', { isOnRecord: true })
  },
)

t.test('a link inside of the roots is no better, once it was put there after the check', async (t) => {
  const { run, zulip, root, workspace, untouched } = await startTarget(t, {}, { folders: ['root/mine'] })
  const mine = path.join(root, 'mine')
  zulip.interrupt((_request, response) => {
    renameSync(mine, `${mine}.old`)
    symlinkSync(workspace, mine)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ result: 'success', msg: '', id: 7 }))
  })
  const failure = failureOf(await run({ workspace: mine }))
  t.match(failure, { status: 403, code: 'LOOPER_WORKSPACE_FORBIDDEN' })
  t.match(failure.error, 'replaced by a link')
  await untouched(t, 'a link to another workspace', { isOnRecord: true })
})

for (const [becomes, expected] of [
  ['another one', { status: 403, code: 'LOOPER_EXECUTABLE_FORBIDDEN' }],
  ['nothing', { status: 500, code: 'LOOPER_BINARY_MISSING' }],
] as const) {
  t.test(
    `an allowed program that becomes ${becomes} while the notice is on its way stops nothing`,
    async (t) => {
      const dir = t.testdirName
      const [marker, tool, evil, link] = placesIn(dir)
      const { run, untouched, zulip } = await startTarget(
        t,
        { LOOPER_ALLOWED_EXECUTABLES: tool },
        { folders: ['mine'] },
      )
      writeFileSync(tool, '#!/bin/sh\n', { mode: 0o755 })
      writeFileSync(evil, `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 })
      symlinkSync(tool, link)
      zulip.interrupt((_request, response) => {
        rmSync(link)
        if (becomes === 'another one') symlinkSync(evil, link)
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ result: 'success', msg: '', id: 7 }))
      })
      t.match(failureOf(await run({ codex_exec_binary: link })), expected)
      t.notOk(existsSync(marker))
      await untouched(t, `a program that became ${becomes}`, { isOnRecord: true })
    },
  )
}

t.test('an allowed program that is swapped while the old agent is stopped is not launched', async (t) => {
  const dir = t.testdirName
  const [marker, tool, evil, link] = placesIn(dir)
  const swap = `trap 'ln -sfn ${evil} ${link}; exit 0' INT TERM`
  const { run, live, send } = await startTarget(
    t,
    { LOOPER_ALLOWED_EXECUTABLES: tool },
    { folders: ['mine'], prompt: `${swap}; echo alive; sleep 300; echo never` },
  )
  writeFileSync(tool, '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(evil, `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 })
  symlinkSync(tool, link)
  const failure = failureOf(await run({ codex_exec_binary: link }))
  t.match(failure, { status: 403, code: 'LOOPER_EXECUTABLE_FORBIDDEN' })
  t.notOk(existsSync(marker), 'nothing of it was run')
  const { runs } = JSON.parse((await send({ path: '/runs' })).text)
  t.match(runs, [
    { outcome: 'failed_to_start', pid: null },
    { run_id: live.runId, outcome: 'replaced' },
  ])
})

t.test('a workspace that becomes a link while the old agent is stopped is not launched in', async (t) => {
  const outside = path.join(t.testdirName, 'outside')
  const mine = path.join(t.testdirName, 'root/mine')
  const swap = `trap 'mv ${mine} ${mine}.old; ln -s ${outside} ${mine}; exit 0' INT TERM`
  const { run, live, send } = await startTarget(
    t,
    {},
    { folders: ['outside', 'root/mine'], prompt: `${swap}; echo alive; sleep 300; echo never` },
  )
  const failure = failureOf(await run({ workspace: mine }))
  t.match(failure, { status: 403, code: 'LOOPER_WORKSPACE_FORBIDDEN' })
  t.strictSame(readdirSync(outside), [], 'nothing was run there')
  t.ok(existsSync(`${mine}.old`))
  const { runs } = JSON.parse((await send({ path: '/runs' })).text)
  t.match(runs, [
    { outcome: 'failed_to_start', pid: null },
    { run_id: live.runId, outcome: 'replaced' },
  ])
})
