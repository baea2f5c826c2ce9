import { ok } from '../base/finding.ts'
import type { Part } from '../settings/part.ts'
import type { Agent, AgentPlugin } from './agent.ts'
import type { AgentCore } from './agent-core.ts'
import type { OwnerChoice } from './owner-choice.ts'
import { remedyOf } from './remedy.ts'
import { resetIn } from './reset-words.ts'
import { NOTHING_SAID, type Said, said } from './said.ts'

/** What an agent's settings add to it. */
export type Additions = Pick<Agent, 'program' | 'installRemedy' | 'model' | 'args'>

/** An agent that tells all there is to know in its output, works in every directory, and confines itself to none. */
export function completeAgent(core: AgentCore, additions: Additions): Agent {
  return {
    ...core,
    ...additions,
    title: core.name,
    approvalPolicy: null,
    sandbox: null,
    workspaceRefusal: () => null,
    checkWorkspace: (workspace) => ok('workspace', workspace),
    tokensUsed: () => null,
    limitedUntil(output, _env, endedAt) {
      return untilOf(saidIn(core, output), endedAt)
    },
    failureOf(output, _env, endedAt) {
      const so = saidIn(core, output)
      if (so.errorKind === null || so.errorText === null) return null
      return { cause: so.errorText, remedy: remedyOf(so.errorKind, core.name, untilOf(so, endedAt)) }
    },
  }
}

/** The plug-in of such an agent. @param setting the one that names its program */
export function completePlugin(core: AgentCore, owner: Part<OwnerChoice>, setting: string): AgentPlugin {
  const { name } = core
  const installRemedy = `Install ${name}, or name it with ${setting}.`
  return {
    settings: {
      ...owner,
      read(reading) {
        const { binary, ...choice } = owner.read(reading)
        const program = { name, configured: binary, builds: [] }
        return [completeAgent(core, { ...choice, program, installRemedy })]
      },
    },
  }
}

/** When the usage limit ends that was the error, by what the agent tells, or else by its words; null where nobody knows. */
function untilOf({ errorKind, errorText, errorUntil }: Said, endedAt: number): number | null {
  return errorKind === 'quota' ? (errorUntil ?? resetIn(String(errorText), endedAt)) : null
}

/** What the end of an output says; its beginning may be missing. */
export function saidIn(core: Pick<AgentCore, 'read'>, output: string): Said {
  const reader = core.read()
  const events = [...reader.push(Buffer.from(output)), ...reader.end()]
  return events.reduce((so, event) => said(so, event), NOTHING_SAID)
}
