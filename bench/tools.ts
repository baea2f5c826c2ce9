import { setTimeout } from 'node:timers/promises'
import { bench } from './frame/bench.ts'
import { atMost, seen } from './frame/report.ts'
import { startLooper } from './frame/servers.ts'
import { median } from './frame/statistics.ts'

/**
 * What tools for agents cost a service that has no run: with them and without, in turn, with compiled code from an earlier
 * life of each.
 *
 * usage: node bench/tools.ts [--quick]
 */

await bench('tools', 'An idle service with tools for agents, and without', async (run) => {
  async function memoryWith(tools: '0' | '1'): Promise<number> {
    const looper = await startLooper(run, { LOOPER_AGENT_TOOLS: tools })
    // What a start leaves behind is no idling.
    await setTimeout(run.isQuick ? 200 : 3000)
    const mb = looper.pssMb()
    await looper.stop()
    return mb
  }

  const on: number[] = []
  const off: number[] = []
  for (let round = -1; round < (run.isQuick ? 1 : 10); round++) {
    const without = await memoryWith('0')
    const withThem = await memoryWith('1')
    if (round < 0) continue
    off.push(without)
    on.push(withThem)
  }
  return [
    seen('tools: memory without them, p50', median(off), 'MB'),
    seen('tools: memory with them, p50', median(on), 'MB'),
    atMost('tools: memory with them against without', median(on) / median(off), '×', 1.03),
  ]
})
