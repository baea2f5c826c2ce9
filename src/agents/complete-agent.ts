import { ok } from '../base/finding.ts'
import type { Agent } from './agent.ts'
import type { AgentCore } from './agent-core.ts'
import type { ErrorKind } from './agent-events.ts'
import { NOTHING_SAID, type Said, said } from './said.ts'

/** What an agent's settings add to it, and what to do when it fails. */
export interface Additions extends Pick<Agent, 'program' | 'installRemedy' | 'model' | 'args'> {
  /** What to do about an error, in a sentence; without one nobody can say. */
  readonly remedies: Partial<Readonly<Record<ErrorKind, string>>>
}

/** An agent that tells all there is to know in its output, works in every directory, and confines itself to none. */
export function completeAgent(core: AgentCore, { remedies, ...additions }: Additions): Agent {
  return {
    ...core,
    ...additions,
    title: core.name,
    approvalPolicy: null,
    sandbox: null,
    workspaceRefusal: () => null,
    checkWorkspace: (workspace) => ok('workspace', workspace),
    tokensUsed: () => null,
    limitedUntil(output) {
      const { errorKind, errorUntil } = saidIn(core, output)
      return errorKind === 'quota' ? errorUntil : null
    },
    failureOf(output) {
      const { errorKind, errorText, errorUntil } = saidIn(core, output)
      if (errorKind === null || errorText === null) return null
      const wait = errorUntil === null ? null : `Wait until ${new Date(errorUntil).toISOString()}.`
      return { cause: errorText, remedy: wait ?? remedies[errorKind] ?? null }
    },
  }
}

/** What the end of an output says; its beginning may be missing. */
function saidIn(core: AgentCore, output: string): Said {
  const reader = core.read()
  const events = [...reader.push(Buffer.from(output)), ...reader.end()]
  return events.reduce((so, event) => said(so, event), NOTHING_SAID)
}
