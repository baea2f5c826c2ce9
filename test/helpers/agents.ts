import type { Agents } from '../../src/agents/agents.ts'
import { codex } from '../../src/agents/codex/codex.ts'
import type { AgentChoice } from '../../src/runs/agent-choice.ts'
import type { LaunchRequest } from '../../src/runs/run.ts'

/** Codex alone. */
export const CODEX_ONLY: Agents = { all: [codex], known: codex, standard: codex }

/** A run of codex that asks for nothing else. */
export const CODEX_CHOICE: AgentChoice &
  Pick<LaunchRequest, 'slot' | 'sharesWorkspace' | 'check' | 'budget'> = {
  agent: codex,
  model: null,
  system: null,
  session: null,
  slot: 'default',
  sharesWorkspace: false,
  check: null,
  budget: null,
}

/** What nobody has said yet, as a run on the record has it. */
export const UNSAID = {
  model: null,
  sessionId: null,
  usage: null,
  costUsd: null,
  turns: null,
  errorKind: null,
  reply: null,
  check: null,
  verdict: null,
  verdictCause: null,
  verifyReturnCode: null,
  budget: { maxTokens: 0, maxCostUsd: 0 },
  workTree: null,
  tokenSha256: null,
  changes: null,
  worktree: null,
} as const

/** The same in the API's words. */
export const UNSAID_ANSWER = {
  model: null,
  session_id: null,
  usage: null,
  cost_usd: null,
  turns: null,
  error_kind: null,
  reply: null,
  verify: null,
  verify_timeout_seconds: null,
  verdict: null,
  verdict_cause: null,
  verify_return_code: null,
  max_tokens: null,
  max_cost_usd: null,
  changes: null,
  worktree: null,
} as const

/** A run on the record that asked for no slot of its own. */
export const IN_DEFAULT = { slot: 'default', sharesWorkspace: false } as const

/** The same in the API's words. */
export const IN_DEFAULT_ANSWER = { slot: 'default', share_workspace: false } as const
