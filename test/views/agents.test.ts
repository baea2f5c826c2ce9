import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { runCommand } from '../helpers/command.ts'
import { setUpFault } from '../helpers/fault-service.ts'

t.test('the agents are listed, each as it was found, and asked once for a while', async (t) => {
  const bin = path.join(t.testdirName, 'claude')
  const { service } = await setUpFault(t, {
    LOOPER_AGENT: 'claude',
    LOOPER_CLAUDE_BINARY: bin,
    LOOPER_CLAUDE_MODEL: 'opus',
    LOOPER_OPENCODE_BINARY: '/no/such/opencode',
  })
  const asked = path.join(t.testdirName, 'asked')
  writeFileSync(
    bin,
    `#!/bin/sh\necho "$@" >>'${asked}'\n[ "$1" = auth ] && { echo '{"loggedIn": false}'; exit 1; }\necho 2.1.332 --model --print\n`,
  )
  chmodSync(bin, 0o755)
  const get = async () => JSON.parse(await (await fetch(`${service.url}/agents`)).text())
  const { agents } = await get()
  t.match(agents, [
    { name: 'codex', default: false, problem: /--version failed|^$/ },
    {
      name: 'claude',
      default: true,
      program: bin,
      version: '2.1.332',
      logged_in: false,
      model: 'opus',
      models: [],
      options: ['--model', '--print'],
      can: { resume: true, system_prompt: true, model: true },
      problem: null,
    },
    {
      name: 'opencode',
      default: false,
      program: null,
      problem: /missing.*\. Install opencode, or name it with LOOPER_OPENCODE_BINARY\.$/,
    },
  ])
  t.strictSame(await get(), { agents })

  const { out, status } = await runCommand(['agents'], { url: service.url })
  t.equal(status, 0)
  t.match(out, /^claude \* +2\.1\.332, not logged in, .*claude\n +model opus$/m)
  t.match(out, /^opencode +.*missing/m)
  t.strictSame(JSON.parse((await runCommand(['agents', '--json'], { url: service.url })).out), { agents })
})
