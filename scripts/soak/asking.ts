import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import type { Chance } from './chance.ts'
import { postRun } from './client.ts'

/** A run whose agent lives until it is stopped, and whose token is known. */
export interface AgentRun {
  readonly runId: string
  readonly token: string
  readonly session: string
}

/** What a question came to, as its agent heard it; null: the call was cut off, or nobody knows that run. */
export interface Heard {
  readonly id: string
  readonly state: string
  readonly answer: string | null
}

/** Where the service is now; it may be killed at any moment. */
export type Where = () => Promise<string>

/** Begins a run in a slot of its own, however often that takes. */
export async function beginAgent(
  where: Where,
  dir: string,
  slot: string,
  over: AbortSignal,
): Promise<AgentRun> {
  for (;;) {
    const session = randomUUID()
    const file = path.join(dir, `token-${session}`)
    const sessions = path.join(dir, 'codex-home/sessions/2026/11/25')
    const prompt = `echo "OpenAI Codex v0.169.0"; echo "session id: ${session}"; mkdir -p ${sessions}
echo >${sessions}/rollout-1-${session}.jsonl
printf %s "$LOOPER_RUN_TOKEN" >${file}.new; mv ${file}.new ${file}; exec sleep 600`
    const body = { zulip_message: slot, codex_prompt: prompt, workspace: dir, slot, share_workspace: true }
    const reply = await postRun(await where(), body, over)
    if (reply.kind === 'accepted' && reply.runId !== null) {
      const deadline = performance.now() + 10_000
      while (performance.now() < deadline) {
        const token = textOf(file)
        if (token !== '') return { runId: reply.runId, token, session }
        await systemClock.sleep(20, over)
      }
    }
    await systemClock.sleep(200, over)
  }
}

/** One call of the tool `ask`, as an agent makes it; some are cut off, as by the time limit of a shell. */
export async function askOnce(
  where: Where,
  { token }: AgentRun,
  args: object,
  { dice, over }: { readonly dice: Chance; readonly over: AbortSignal },
): Promise<Heard | null> {
  const cut = dice.happens(0.3) ? [AbortSignal.timeout(dice.whole(10, 1500))] : []
  const params = { name: 'ask', arguments: args }
  try {
    const response = await fetch(`${await where()}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
      signal: AbortSignal.any([over, ...cut]),
    })
    const text = await response.text()
    const found = /^(?:data: )?(\{.*"result".*\})$/m.exec(text)?.[1]
    if (found === undefined) return null
    const { content, isError } = JSON.parse(found).result
    if (isError) throw new Error(content[0].text)
    const { ask_id: id, state, answer } = JSON.parse(content[0].text)
    return { id, state, answer }
  } catch (error) {
    over.throwIfAborted()
    // Cut off, or the service is away: that is what the soak is about.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError'))
      return null
    throw error
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
