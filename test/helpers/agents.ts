import type { Agents } from '../../src/agents/agents.ts'
import { codex } from '../../src/agents/codex/codex.ts'
import type { AgentChoice } from '../../src/runs/agent-choice.ts'

/** Codex alone. */
export const CODEX_ONLY: Agents = { all: [codex], known: codex, standard: codex }

/** A run of codex that asks for nothing else. */
export const CODEX_CHOICE: AgentChoice = { agent: codex, model: null, system: null, session: null }

/** What nobody has said yet, as a run on the record has it. */
export const UNSAID = {
  model: null,
  sessionId: null,
  usage: null,
  costUsd: null,
  turns: null,
  errorKind: null,
  reply: null,
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
} as const
