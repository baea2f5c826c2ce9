import { messageOf } from '../base/errors.ts'
import { asText } from './as-text.ts'
import type { Context } from './context.ts'
import { EXIT, Failure, wrongUse } from './failure.ts'
import { findRun, presentRun } from './find-run.ts'
import { offsetSince } from './log-since.ts'
import { showTranscript } from './transcript.ts'
import { showToEnd } from './watch.ts'
import { whenOf } from './when.ts'

/** `looper logs [ID]`: the log of a run, and with `--follow` what is written to it until the run ends. */
export async function logs(context: Context): Promise<number> {
  const { world, screen, client, words, options } = context
  const [id] = words
  const { tail, since } = options
  if (tail !== undefined && since !== undefined) throw wrongUse('use --tail or --since, not both')
  if (options.transcript && (tail ?? since) !== undefined)
    throw wrongUse('--transcript cannot be used with --tail or --since')
  const from = since === undefined ? null : whenOf(since, world.clock.now())
  const runId = id === undefined ? await presentRun(client) : await findRun(client, id)
  if (options.transcript) return showTranscript(context, runId)
  const offset = from === null ? null : await offsetSince(client, runId, from)
  const isNothing = from !== null && offset === null
  if (isNothing) screen.tell('looper: nothing was written since then')
  const last = tailOf(isNothing ? '0' : tail)

  if (options.follow) {
    await showToEnd(context, runId, offset === null ? last : `offset=${offset}`)
    return EXIT.ok
  }

  const response = await client.open(`/runs/${runId}/log${last === '' ? '' : `?${last}`}`, {
    accept: 'text/plain, application/json',
    ...(offset === null ? {} : { range: `bytes=${offset}-` }),
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

const tailOf = (lines: string | undefined) => (lines === undefined ? '' : `tail=${lines}`)

async function read(response: AsyncIterable<Buffer>, take: (chunk: Buffer) => Promise<void>): Promise<void> {
  try {
    for await (const chunk of response) await take(chunk)
  } catch (error) {
    throw new Failure(EXIT.unreachable, `the log broke off: ${messageOf(error)}`, 'Try again.')
  }
}
