import { ok } from '../base/finding.ts'
import type { Part } from '../settings/part.ts'
import type { Agent, AgentPlugin } from './agent.ts'
import type { AgentCore } from './agent-core.ts'
import type { OwnerChoice } from './owner-choice.ts'
import { remedyOf } from './remedy.ts'
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
    limitedUntil(output) {
      const { errorKind, errorUntil } = saidIn(core, output)
      return errorKind === 'quota' ? errorUntil : null
    },
    failureOf(output) {
      const { errorKind, errorText, errorUntil } = saidIn(core, output)
      if (errorKind === null || errorText === null) return null
      return { cause: errorText, remedy: remedyOf(errorKind, core.name, errorUntil) }
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

/** What the end of an output says; its beginning may be missing. */
function saidIn(core: AgentCore, output: string): Said {
  const reader = core.read()
  const events = [...reader.push(Buffer.from(output)), ...reader.end()]
  return events.reduce((so, event) => said(so, event), NOTHING_SAID)
}
