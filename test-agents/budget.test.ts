import path from 'node:path'
import t from 'tap'
import type { Asked } from '../test/fixtures/loopback-server.ts'
import { stopSurely } from '../test/helpers/fault-service.ts'
import { startTestService } from '../test/helpers/service.ts'
import { AGENTS, startLoopbackAgents } from './loopback-agents.ts'

/** What its model tells of each step: fresh input, and output. */
const STEP_TOKENS = { codex: 1050, claude: 125, opencode: 60 }
const STEPS = 3

/** Whether the agent asked for a step, and not for a title, for example. */
const isStep = ({ body }: Asked) => JSON.stringify(body).includes('"tools":[{')

t.test('each real agent is stopped within one step of its budget', async (t) => {
  const { dir, settings, model, messages, chat } = await startLoopbackAgents(t)
  const service = await startTestService(path.join(dir, 'logs'), settings)
  t.teardown(() => stopSurely(service))
  const steps = {
    codex: () => model.count,
    claude: () => messages.asked.filter(isStep).length,
    opencode: () => chat.asked.filter(isStep).length,
  }
  for (const agent of AGENTS) {
    await t.test(agent, async (t) => {
      const { body } = await service.post({
        agent,
        zulip_message: 'Spend',
        codex_prompt: 'AGAIN\nRUN: sleep 2',
        workspace: path.join(dir, agent),
        // The last of these steps uses it up.
        max_tokens: STEPS * STEP_TOKENS[agent] - 10,
        timeout_seconds: 120,
        wait: true,
      })
      t.match(body, { outcome: 'over_budget', cause: /^it used [\d,]+ of [\d,]+ tokens$/ })
      const count = steps[agent]()
      t.ok(count >= STEPS && count <= STEPS + 1, `${count} steps`)
    })
  }
})
