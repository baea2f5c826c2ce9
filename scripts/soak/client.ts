import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { RunDetails, RunList, type RunSummary } from '../../src/runs/run-schemas.ts'

/** What became of a request. */
export type Reply =
  | { readonly kind: 'accepted'; readonly runId: string | null }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** Nobody listened, or the connection broke: nobody knows what became of it. */
  | { readonly kind: 'unreachable' }
  /** No answer for longer than anything may take. */
  | { readonly kind: 'stuck' }

/** Longer than adoption, every grace and a notice's time limit together. */
const REPLY_LIMIT_MS = 40_000

const Accepted = Type.Object({ ok: Type.Literal(true), run_id: Type.Union([Type.String(), Type.Null()]) })
const Refused = Type.Object({ ok: Type.Literal(false), code: Type.String() })

async function call(url: string, init: RequestInit, over: AbortSignal) {
  const limit = AbortSignal.timeout(REPLY_LIMIT_MS)
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.any([over, limit]) })
    const body: unknown = JSON.parse(await response.text())
    return { status: response.status, body }
  } catch {
    over.throwIfAborted()
    return { status: limit.aborted ? ('stuck' as const) : ('unreachable' as const), body: null }
  }
}

/** Asks for a run as any caller would. */
export async function postRun(url: string, body: object, over: AbortSignal): Promise<Reply> {
  const headers = { 'content-type': 'application/json' }
  const reply = await call(`${url}/run`, { method: 'POST', headers, body: JSON.stringify(body) }, over)
  if (typeof reply.status === 'string') return { kind: reply.status }
  if (Value.Check(Accepted, reply.body)) return { kind: 'accepted', runId: reply.body.run_id }
  if (Value.Check(Refused, reply.body))
    return { kind: 'refused', status: reply.status, code: reply.body.code }
  throw new Error(`POST /run answered ${reply.status} with ${JSON.stringify(reply.body)}`)
}

/** The newest runs, newest first; null where the service could not be asked. */
export async function listRuns(
  url: string,
  limit: number,
  over: AbortSignal,
): Promise<readonly RunSummary[] | null> {
  const { status, body } = await call(`${url}/runs?limit=${limit}`, {}, over)
  if (typeof status === 'string') return null
  if (Value.Check(RunList, body)) return body.runs
  throw new Error(`GET /runs answered ${status} with ${JSON.stringify(body)}`)
}

/** One run; null where the service could not be asked, `unknown` where it is not on the record. */
export async function getRun(
  url: string,
  runId: string,
  over: AbortSignal,
): Promise<RunSummary | 'unknown' | null> {
  const { status, body } = await call(`${url}/runs/${runId}`, {}, over)
  if (typeof status === 'string') return null
  if (status === 404) return 'unknown'
  if (Value.Check(RunDetails, body)) return body
  throw new Error(`GET /runs/${runId} answered ${status} with ${JSON.stringify(body)}`)
}
