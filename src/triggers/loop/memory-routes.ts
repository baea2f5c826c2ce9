import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '../../base/schema.ts'
import { BODY_ERRORS } from '../../http/body-errors.ts'
import type { Loops } from './control.ts'
import { LOOP_NOT_FOUND } from './errors.ts'
import type { Memory } from './memory.ts'
import { MEMORY_TOO_LARGE, MEMORY_UNUSABLE, MEMORY_VERSION_NOT_FOUND } from './memory-errors.ts'
import { BothMemories, VersionList, versionAnswer } from './memory-schemas.ts'
import { checkMemories, writeMemories } from './memory-texts.ts'
import { MEMORIES } from './memory-versions.ts'
import { LoopParams, Page } from './params.ts'
import type { LoopRecords } from './records.ts'

/** What the routes need. */
export interface MemoryRoutesOptions {
  readonly loops: Pick<Loops, 'named'>
  readonly records: Pick<LoopRecords, 'newestRound'>
  memoryOf(loop: string): Memory
  /** Is told that somebody wrote one. */
  noteChange(loop: string): void
}

const Texts = Type.Object(
  { persistent: Type.Optional(Type.String()), working: Type.Optional(Type.String()) },
  { additionalProperties: false },
)
const READS = [LOOP_NOT_FOUND, 'LOOPER_FIELD_INVALID', 'LOOPER_LEDGER_UNWRITABLE'] as const
const WRITES = [...READS, MEMORY_TOO_LARGE, MEMORY_UNUSABLE, ...BODY_ERRORS] as const

/** `/loops/:name/memory` and below. */
export const memoryRoutes: FastifyPluginAsyncTypebox<MemoryRoutesOptions> = async (
  app,
  { loops, records, memoryOf, noteChange },
) => {
  function told(name: string): BothMemories {
    const round = records.newestRound(name)
    const memory = memoryOf(name)
    return {
      memory: { persistent: memory.read('persistent', round), working: memory.read('working', round) },
    }
  }

  app.get(
    '/loops/:name/memory',
    {
      schema: {
        tags: ['runs'],
        summary: 'The memories of a loop',
        description: 'persistent stands in the prompt of each round, working in that of the next one alone.',
        params: LoopParams,
        response: { 200: BothMemories },
      },
      config: { scope: 'read', errors: READS },
    },
    async ({ params }) => told(loops.named(params.name).name),
  )

  app.post(
    '/loops/:name/memory',
    {
      schema: {
        tags: ['runs'],
        summary: 'Write the memories of a loop',
        description: 'Those that are named, as a whole; an empty text empties one.',
        params: LoopParams,
        body: Texts,
        response: { 200: BothMemories },
      },
      config: { scope: 'run', errors: WRITES },
    },
    async ({ params, body }) => {
      const { name } = loops.named(params.name)
      const memory = memoryOf(name)
      checkMemories(memory, body)
      writeMemories(memory, body, records.newestRound(name))
      noteChange(name)
      return told(name)
    },
  )

  app.get(
    '/loops/:name/memory/versions',
    {
      schema: {
        tags: ['runs'],
        summary: 'What a memory of a loop was',
        description: 'Page by page.',
        params: LoopParams,
        querystring: Type.Object({
          memory: Type.Optional(Type.Enum([...MEMORIES], { description: 'By default persistent.' })),
          ...Page,
        }),
        response: { 200: VersionList },
      },
      config: { scope: 'read', errors: READS },
    },
    async ({ params, query }) => {
      const limit = Number(query.limit ?? 20)
      const before = query.before === undefined ? null : Number(query.before)
      const versions = memoryOf(loops.named(params.name).name).list(query.memory ?? 'persistent', {
        before,
        limit,
      })
      const last = versions.length === limit ? versions.at(-1) : undefined
      return { versions: versions.map(versionAnswer), next_before: last?.id ?? null }
    },
  )

  app.post(
    '/loops/:name/memory/restore',
    {
      schema: {
        tags: ['runs'],
        summary: 'Restore a memory of a loop',
        description: 'As it was in a version; what it is now is a version, too.',
        params: LoopParams,
        body: Type.Object({ version_id: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
        response: { 200: BothMemories },
      },
      config: { scope: 'run', errors: [...WRITES, MEMORY_VERSION_NOT_FOUND] },
    },
    async ({ params, body }) => {
      const { name } = loops.named(params.name)
      memoryOf(name).restore(body.version_id, { by: 'person', round: records.newestRound(name) })
      noteChange(name)
      return told(name)
    },
  )
}
