import { bench } from './frame/bench.ts'
import { atMost, seen } from './frame/report.ts'
import { type Server, startBare, startLooper } from './frame/servers.ts'
import { median } from './frame/statistics.ts'

/**
 * From the start of the process to its first answer on `/health`: Looper beside a Fastify app that has little more than
 * that route, in turn. Both keep compiled code from start to start, and both had a start before.
 *
 * usage: node bench/start.ts [--quick]
 */

await bench('start', 'From the start of the service to its first answer on /health', async (run) => {
  async function timeOf(start: () => Promise<Server>): Promise<number> {
    const begin = performance.now()
    const server = await start()
    const answer = await fetch(`${server.url}/health`)
    await answer.text()
    const ms = performance.now() - begin
    await server.stop()
    return ms
  }

  const looper: number[] = []
  const bare: number[] = []
  for (let round = -1; round < (run.isQuick ? 2 : 30); round++) {
    const ours = await timeOf(() => startLooper(run))
    const theirs = await timeOf(() => startBare(run))
    if (round < 0) continue
    looper.push(ours)
    bare.push(theirs)
  }
  run.tell('Both keep compiled code from start to start.')
  return [
    seen('start: Looper, p50', median(looper), 'ms'),
    seen('start: bare Fastify app, p50', median(bare), 'ms'),
    atMost('start: Looper against the bare Fastify app', median(looper) / median(bare), '×', 2),
  ]
})
