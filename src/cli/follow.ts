import type { IncomingMessage } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { RunDetails } from '../runs/run-schemas.ts'
import type { Client } from './client.ts'
import { EXIT, Failure } from './failure.ts'
import type { Told } from './human.ts'
import { readEvents } from './sse.ts'

/** How a run ended. */
export type End = Pick<RunDetails, 'run_id' | 'outcome' | 'return_code' | 'cause' | 'tokens_used'> &
  Pick<Told, 'verdict' | 'verdict_cause' | 'changes'>

/** How a follower goes on after a lost connection. */
export interface Patience {
  /** The longest silence; the service sends a heartbeat every 15 s. */
  readonly quietMs: number
  /** The first wait before it tries again; it doubles each time. */
  readonly waitMs: number
  readonly maxWaitMs: number
  /** How often in a row it tries in vain. */
  readonly tries: number
}

/** That of all followers. */
export const PATIENCE: Patience = { quietMs: 45_000, waitMs: 500, maxWaitMs: 10_000, tries: 8 }

/** What a follower needs. */
export interface FollowOptions {
  /** Where to begin, as a query: `offset=N`, `tail=N`, or nothing. */
  readonly start: string
  /** Takes a piece of the log; `offset` is the place behind it. The next piece waits until it resolves. */
  readonly take: (bytes: Uint8Array, offset: number) => Promise<void>
  /** Told where a lost connection is taken up again. */
  readonly tell: (message: string) => void
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly patience?: Patience
}

/**
 * Follows the log of a run to its end, every byte once and in order. A lost connection is taken up where it broke.
 * @throws {Failure} where the service says that there is nothing to follow, or stays away
 */
export async function follow(client: Client, runId: string, options: FollowOptions): Promise<End> {
  const { start, take, signal, patience = PATIENCE } = options
  const path = `/runs/${runId}/log?follow=1${start === '' ? '' : `&${start}`}`
  let lastId: string | null = null
  let failures = 0
  for (;;) {
    const loss = await attempt()
    if (!(loss instanceof Failure)) return loss
    failures++
    if (failures > patience.tries) throw loss
    await waitAfter(loss, failures, { ...options, patience })
  }

  /** Resolves with the run's end, or with why the connection was lost. */
  async function attempt(): Promise<End | Failure> {
    try {
      const response = await client.open(path, {
        accept: 'text/event-stream',
        ...(lastId === null ? {} : { 'last-event-id': lastId }),
      })
      for await (const { type, id, data } of readEvents(watched(response, patience.quietMs))) {
        failures = 0
        if (type === 'end') return JSON.parse(data)
        if (type !== 'output') continue
        await take(bytesOf(JSON.parse(data)), Number(id))
        lastId = id
      }
      return new Failure(EXIT.unreachable, 'the stream ended before the run did')
    } catch (error) {
      if (isLoss(error) && !signal.aborted) return error
      throw error
    }
  }
}

/** Waits before it is tried again, longer after each failure in a row, and says so. */
export async function waitAfter(
  loss: Failure,
  failures: number,
  { patience, tell, clock, signal }: Omit<Required<FollowOptions>, 'start' | 'take'>,
): Promise<void> {
  const waitMs = Math.min(patience.waitMs * 2 ** (failures - 1), patience.maxWaitMs)
  tell(`${loss.message}; trying again in ${waitMs / 1000} s`)
  await clock.sleep(waitMs, signal)
}

/** Whether the service may be there again in a moment. */
export function isLoss(error: unknown): error is Failure {
  return error instanceof Failure && (error.exit === EXIT.unreachable || error.exit === EXIT.busy)
}

function bytesOf({ text, base64 }: { text: string; base64?: string }): Uint8Array {
  return base64 === undefined ? Buffer.from(text, 'utf8') : Buffer.from(base64, 'base64')
}

/** The chunks of an answer; fails where none comes for too long. Time that the reader takes does not count. */
async function* watched(response: IncomingMessage, quietMs: number): AsyncGenerator<Uint8Array> {
  const giveUp = () => response.destroy(new Error(`nothing received for ${quietMs / 1000} s`))
  let quiet = setTimeout(giveUp, quietMs)
  try {
    for await (const chunk of response) {
      clearTimeout(quiet)
      yield chunk
      quiet = setTimeout(giveUp, quietMs)
    }
    clearTimeout(quiet)
  } catch (error) {
    clearTimeout(quiet)
    throw new Failure(EXIT.unreachable, `the connection was lost: ${messageOf(error)}`)
  }
}
