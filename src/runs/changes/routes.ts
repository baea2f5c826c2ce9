import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError, messageOf } from '../../base/errors.ts'
import { Type } from '../../base/schema.ts'
import { diffPathOf } from '../../logs/diff-path.ts'
import { runOf } from '../../logs/run-of.ts'
import type { Ledger } from '../../record/ledger.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { RUN_ID } from '../api.ts'
import { GET_DIFF } from './api.ts'
import type { Changes } from './changes.ts'
import { textOf } from './diff-file.ts'
import { bytesOf } from './repository.ts'

/** What the route needs. */
export interface DiffRoutesOptions {
  readonly ledger: Pick<Ledger, 'find'>
  readonly changes: Changes
}

const Params = Type.Object({ run_id: RUN_ID })
/** Larger than any that is kept. */
const MOST_BYTES = 8 * 1_048_576

/** `GET /runs/:run_id/diff`. */
export const diffRoutes: FastifyPluginAsyncTypebox<DiffRoutesOptions> = async (app, { ledger, changes }) => {
  app.get(
    '/runs/:run_id/diff',
    { schema: { ...GET_DIFF.schema, params: Params }, config: { ...GET_DIFF.config, scope: 'read' } },
    async ({ params }, reply) => {
      const run = runOf(ledger, params.run_id)
      const diff = run.outcome === null ? await diffNow(run) : await diffKept(run)
      return reply.type('text/x-diff; charset=utf-8').send(diff)
    },
  )

  async function diffNow({ runId, workTree }: RunRecord): Promise<Buffer> {
    if (workTree === null) throw noDiff('its workspace is in no git work tree, or it is not launched yet')
    try {
      return textOf(await changes.now(runId, workTree))
    } catch (error) {
      throw noDiff(messageOf(error))
    }
  }
}

/** What was kept at its end, beside its log. */
async function diffKept({ logPath, changes }: RunRecord): Promise<Buffer> {
  if (logPath === null || changes === null) throw noDiff('nothing is known of what it changed')
  const kept = await bytesOf(diffPathOf(logPath), MOST_BYTES)
  if (kept === null) throw noDiff('it was removed')
  return kept.bytes
}

const noDiff = (why: string) =>
  new LooperError('LOOPER_DIFF_NOT_FOUND', `there is no diff of the run: ${why}`)
