import { setTimeout } from 'node:timers/promises'
import { startLoopbackZulip } from '../test/fixtures/loopback-zulip.ts'
import { bench } from './frame/bench.ts'
import { atMost } from './frame/report.ts'
import { post, startLooper, writeAgent } from './frame/servers.ts'

/**
 * What the service costs while an agent is at work and says nothing, with compiled code from an earlier life.
 *
 * usage: node bench/idle.ts [--quick]
 */

await bench('idle', 'A minute with a quiet live run', async (run) => {
  const zulip = await startLoopbackZulip()
  const settings = {
    CODEX_EXEC_BINARY: writeAgent(run, '#!/bin/sh\nexec sleep 3600\n'),
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
  }
  async function startWithRun() {
    const looper = await startLooper(run, settings)
    await post(`${looper.url}/run`, { zulip_message: 'bench', codex_prompt: 'x', workspace: run.dir })
    return looper
  }
  // The first life after an update compiles what it needs, and keeps it for the others.
  await (await startWithRun()).stop()
  const looper = await startWithRun()
  // What follows an answer is no idling.
  await setTimeout(1000)
  const before = looper.cpuSeconds()
  await setTimeout(run.isQuick ? 1000 : 60_000)
  return [
    atMost('idle: memory after 60 s', looper.rssMb(), 'MB', 70),
    atMost('idle: CPU time in 60 s', looper.cpuSeconds() - before, 's', 0.3),
  ]
})
