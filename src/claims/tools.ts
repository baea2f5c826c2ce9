import { Type } from '../base/schema.ts'
import { type Tool, tool } from '../tools/tool.ts'
import type { Claims } from './claims.ts'

/** A name that may stand for a file somewhere. */
const NAME = Type.String({ pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$' })
const INPUT = Type.Object({ name: NAME }, { additionalProperties: false })

/** Takes a name for the run. */
export const claimTool = (claims: Pick<Claims, 'take'>): Tool =>
  tool({
    name: 'claim',
    description:
      'Claim a name, such as that of a task, before you work on it, so that no other run does. It is yours until you release it or this run ends. An error names who has it.',
    input: INPUT,
    isReadOnly: false,
    async call({ name }, run) {
      const { fence, since } = claims.take(name, run.runId)
      return { name, fence, since: new Date(since).toISOString() }
    },
  })

/** Lets go of a name that is the run's. */
export const releaseTool = (claims: Pick<Claims, 'release'>): Tool =>
  tool({
    name: 'release',
    description: 'Release a name that this run has claimed.',
    input: INPUT,
    isReadOnly: false,
    call: async ({ name }, run) => (claims.release(name, run.runId) ? 'Released.' : 'Nobody held it.'),
  })
