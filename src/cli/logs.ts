import type { Context } from './context.ts'
import { EXIT, wrongUse } from './failure.ts'
import { findRun, presentRun } from './find-run.ts'
import { offsetSince } from './log-since.ts'
import { showAnswer } from './show-answer.ts'
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
  const part = options['verify-log'] ? 'verify-log' : 'log'
  if (options['verify-log'] && (options.follow || options.transcript || since !== undefined))
    throw wrongUse('--verify-log cannot be used with --follow, --since or --transcript')
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

  const response = await client.open(`/runs/${runId}/${part}${last === '' ? '' : `?${last}`}`, {
    accept: 'text/plain, application/json',
    ...(offset === null ? {} : { range: `bytes=${offset}-` }),
  })
  await showAnswer(context, runId, 'log', response)
  return EXIT.ok
}

const tailOf = (lines: string | undefined) => (lines === undefined ? '' : `tail=${lines}`)
