import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { bench } from './frame/bench.ts'
import { atMost, seen } from './frame/report.ts'
import { post, startLooper, writeAgent } from './frame/servers.ts'
import { median, quantile } from './frame/statistics.ts'

/**
 * From the last instruction of a round's agent to the first of the next one's, with no wait between rounds: a loop of Looper, the
 * same in a git work tree, a loop of `sh` that does nothing else, and, beside them, a `POST /run`. All start the same agent, in turn.
 *
 * usage: node bench/loops.ts [--quick]
 */

const LIMIT_MS = 25

await bench(
  'loops',
  "From the end of a round of a loop to the next agent's first instruction",
  async (run) => {
    const [blocks, rounds] = run.isQuick ? [1, 3] : [6, 11]
    const fifo = path.join(run.dir, 'told')
    execFileSync('mkfifo', [fifo])
    const agent = writeAgent(
      run,
      `#!/bin/sh
echo begin >${fifo}
echo 'OpenAI Codex v0.169.0
user

codex
one more
tokens used
7'
# As long as the fork of what waits for the next run takes, and more: agents work for seconds.
sleep 0.15
echo end >${fifo}
`,
    )
    const told = new Socket({ fd: openSync(fifo, 'r+'), readable: true, writable: false })
    let heard: { readonly word: string; readonly at: number }[] = []
    told.setEncoding('utf8').on('data', (words) => {
      const at = performance.now()
      heard.push(
        ...words
          .toString()
          .trim()
          .split('\n')
          .map((word) => ({ word, at })),
      )
    })

    /** What so many agents told. */
    async function hearOf(agents: number) {
      while (heard.length < 2 * agents) await once(told, 'data')
      const all = heard
      heard = []
      return all
    }

    /** The time between each end and the begin after it, of so many rounds. */
    async function gaps(): Promise<number[]> {
      const all = await hearOf(rounds)
      return all.flatMap(({ word, at }, index) => {
        const before = all[index - 1]
        return word === 'begin' && before ? [at - before.at] : []
      })
    }

    const plain = path.join(run.dir, 'plain')
    const git = path.join(run.dir, 'git')
    for (const dir of [plain, git]) mkdirSync(dir)
    writeFileSync(path.join(git, 'file'), 'text\n')
    const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost']
    for (const args of [
      ['init', '-q'],
      ['add', '.'],
      [...identity, 'commit', '-qm', 'first'],
    ])
      execFileSync('git', ['-C', git, ...args])
    const looper = await startLooper(run, { CODEX_EXEC_BINARY: agent })

    async function loopIn(workspace: string): Promise<number[]> {
      const url = `${looper.url}/loops/${path.basename(workspace)}`
      const limits = { max_iterations: rounds, max_unchanged: 'unlimited' }
      await post(url, { user: 'go on', workspace, interval_seconds: 0, ...limits })
      await post(`${url}/start`, {})
      const found = await gaps()
      for (;;) {
        const { loop } = JSON.parse(await (await fetch(url)).text())
        if (loop.state === 'ended' && loop.cause === 'iterations') return found
        if (loop.state === 'paused') throw new Error(loop.why)
        await setTimeout(10)
      }
    }

    async function shell(): Promise<number[]> {
      const script = `i=0; while [ $i -lt ${rounds} ]; do "${agent}"; i=$((i + 1)); done >/dev/null`
      const child = run.spawn('/bin/sh', ['-c', script], {}, { cwd: plain, stdio: 'ignore' })
      const ended = once(child, 'exit')
      const found = await gaps()
      await ended
      return found
    }

    async function requests(): Promise<number[]> {
      const found: number[] = []
      for (let round = 1; round < rounds; round++) {
        const sent = performance.now()
        const answer = post(`${looper.url}/run`, {
          zulip_message: 'bench',
          codex_prompt: 'x',
          workspace: plain,
        })
        const [begin] = await hearOf(1)
        if (begin) found.push(begin.at - sent)
        await answer
        const isThere = async () =>
          (await (await fetch(`${looper.url}/runs/current`)).text()).includes('"run_id"')
        while (await isThere()) await setTimeout(1)
      }
      return found
    }

    const series = [() => loopIn(plain), () => loopIn(git), shell, requests].map((measure) => ({
      measure,
      values: [] as number[],
    }))
    for (let block = -1; block < blocks; block++)
      for (const { measure, values } of series) {
        const found = await measure()
        if (block >= 0) values.push(...found)
      }
    const [inPlain, inGit, ofShell, ofRequests] = series.map(({ values }) => values)
    if (!inPlain || !inGit || !ofShell || !ofRequests) throw new Error('nothing was measured')
    return [
      atMost('loops: Looper, p50', median(inPlain), 'ms', LIMIT_MS),
      seen('loops: Looper, p95', quantile(inPlain, 0.95), 'ms'),
      seen('loops: Looper, in a git work tree, p50', median(inGit), 'ms'),
      seen('loops: sh, p50', median(ofShell), 'ms'),
      seen('loops: Looper, POST /run to the first instruction, p50', median(ofRequests), 'ms'),
      seen('loops: Looper against sh', median(inPlain) / median(ofShell), '×'),
      seen('loops: Looper against its own POST /run', median(inPlain) / median(ofRequests), '×'),
    ]
  },
)
