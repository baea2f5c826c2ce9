import { messageOf } from '../errors.ts'
import { asText } from './as-text.ts'
import type { Context } from './context.ts'
import { EXIT, Failure } from './failure.ts'
import { findRun, presentRun } from './find-run.ts'
import { showToEnd } from './watch.ts'

/** `looper logs [ID]`: the log of a run, and with `--follow` what is written to it until the run ends. */
export async function logs(context: Context): Promise<number> {
  const { screen, client, words, options } = context
  const [id] = words
  const tail = options.tail === undefined ? '' : `tail=${options.tail}`
  const runId = id === undefined ? await presentRun(client) : await findRun(client, id)

  if (options.follow) {
    await showToEnd(context, runId, tail)
    return EXIT.ok
  }

  const response = await client.open(`/runs/${runId}/log${tail === '' ? '' : `?${tail}`}`, {
    accept: 'text/plain, application/json',
  })
  if (options.json) {
    const kept: Buffer[] = []
    await read(response, async (chunk) => void kept.push(chunk))
    await screen.json({ run_id: runId, ...asText(Buffer.concat(kept)) })
    return EXIT.ok
  }
  const sink = screen.openLog()
  await read(response, sink.write)
  await sink.end()
  return EXIT.ok
}

async function read(response: AsyncIterable<Buffer>, take: (chunk: Buffer) => Promise<void>): Promise<void> {
  try {
    for await (const chunk of response) await take(chunk)
  } catch (error) {
    throw new Failure(EXIT.unreachable, `the log broke off: ${messageOf(error)}`, 'Ask again.')
  }
}
