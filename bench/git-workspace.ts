import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import path from 'node:path'
import { bench } from './frame/bench.ts'
import { seen } from './frame/report.ts'
import { post, startLooper, writeAgent } from './frame/servers.ts'
import { median } from './frame/statistics.ts'

/**
 * What the look at a git work tree costs the launch that waits for it: the same launch in a plain directory, a small repository
 * and a large one, clean and with files that differ, in turn.
 *
 * usage: node bench/git-workspace.ts [--quick]
 */

const LARGE = 5000
const IN_A_DIRECTORY = 200
const DIRTY = 50

await bench('git-workspace', 'A launch in a git work tree', async (run) => {
  const rounds = run.isQuick ? 3 : 25
  // A program that says it began before it does anything else.
  const fifo = path.join(run.dir, 'began')
  execFileSync('mkfifo', [fifo])
  const agent = writeAgent(run, `#!/bin/sh\necho >${fifo}\n`)
  const began = new Socket({ fd: openSync(fifo, 'r+'), readable: true, writable: false })
  const looper = await startLooper(run, { CODEX_EXEC_BINARY: agent })

  function workspace(name: string, files: number | null, dirty = 0): string {
    const dir = path.join(run.dir, name)
    mkdirSync(dir)
    if (files === null) return dir
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-C', dir, '-c', 'user.name=b', '-c', 'user.email=b@localhost', ...args])
    git('init', '-q')
    for (let file = 0; file < files; file++) {
      const below = path.join(dir, `d${Math.floor(file / IN_A_DIRECTORY)}`)
      if (file % IN_A_DIRECTORY === 0) mkdirSync(below)
      writeFileSync(path.join(below, `${file}.txt`), `line ${file}\n`)
    }
    git('add', '-A')
    git('commit', '-qm', 'first')
    for (let file = 0; file < dirty; file++) writeFileSync(path.join(dir, 'd0', `${file}.txt`), 'changed\n')
    return dir
  }
  const workspaces = {
    'a plain directory': workspace('plain', null),
    'a repository of 3 files': workspace('small', 3),
    'a repository of 3 files, 1 of them changed': workspace('small-dirty', 3, 1),
    [`a repository of ${LARGE} files`]: workspace('large', LARGE),
    [`a repository of ${LARGE} files, ${DIRTY} of them changed`]: workspace('large-dirty', LARGE, DIRTY),
  }

  async function launch(dir: string): Promise<number> {
    const begin = once(began, 'data').then(() => performance.now())
    const sent = performance.now()
    const body = { zulip_message: 'bench', codex_prompt: 'x', workspace: dir }
    const answer = post(`${looper.url}/run`, body)
    const ms = (await begin) - sent
    await answer
    while ((await (await fetch(`${looper.url}/runs/current`)).text()).includes('"run_id"')) {}
    return ms
  }

  const values = Object.keys(workspaces).map((name) => ({ name, values: [] as number[] }))
  for (let round = -2; round < rounds; round++) {
    for (const [index, dir] of Object.values(workspaces).entries()) {
      const ms = await launch(dir)
      if (round >= 0) values[index]?.values.push(ms)
    }
  }
  const [plain = 1] = values.map((one) => median(one.values))
  return values.flatMap(({ name, values }) => [
    seen(`launch in ${name}, p50`, median(values), 'ms'),
    ...(name === 'a plain directory'
      ? []
      : [seen(`the same against a plain directory`, median(values) / plain, '×')]),
  ])
})
