import type { FastifyRequest } from 'fastify'
import { shownTokens } from '../http/auth.ts'
import type { Caller, TokenCheck } from '../http/tokens.ts'
import type { Ledger } from '../record/ledger.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { RunTokens } from '../runs/run-tokens.ts'

/** Who calls a tool: a token alone says it. */
export type Who =
  | { readonly kind: 'run'; readonly run: RunRecord }
  /** Null where the service asks nobody for a token. */
  | { readonly kind: 'person'; readonly caller: Caller | null }

/** What it takes. */
export interface WhoDeps {
  readonly runTokens: Pick<RunTokens, 'runOf'>
  readonly ledger: Pick<Ledger, 'find'>
  readonly tokens: Pick<TokenCheck, 'callerOf'> | null
}

/**
 * Who that is; null: nobody who may call. Who shows the token of a run is that run, whatever else it shows. A token that
 * is shown has to be good, also where none is asked for: that of a run that has ended must not do what everybody may.
 */
export function whoAsks(
  request: Pick<FastifyRequest, 'headers'>,
  { runTokens, ledger, tokens }: WhoDeps,
): Who | null {
  const shown = shownTokens(request)
  for (const token of shown) {
    const runId = runTokens.runOf(token)
    const run = runId === null ? null : ledger.find(runId)
    if (run) return { kind: 'run', run }
  }
  if (tokens === null) return shown.length === 0 ? { kind: 'person', caller: null } : null
  for (const token of shown) {
    const caller = tokens.callerOf(token)
    if (caller) return { kind: 'person', caller }
  }
  return null
}
