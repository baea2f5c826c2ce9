import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import { diskAnswer } from './answer.ts'
import { DiskAnswer } from './schemas.ts'
import type { Survey } from './survey.ts'

/** What the route needs. */
export interface DiskRoutesOptions {
  /** 0: none. */
  readonly capBytes: number
  /** Measures now. */
  readonly look: () => Promise<Survey>
}

const MIB = 1_048_576
/** A cap that somebody wants to know the consequences of, in megabytes. */
const MOST_CAP_MB = 1_000_000_000

/** `GET /disk`. */
export const diskRoutes: FastifyPluginAsyncTypebox<DiskRoutesOptions> = async (app, { capBytes, look }) => {
  /** Who asks while it is measured is told the same. */
  let looking: Promise<Survey> | null = null
  const lookOnce = () => {
    looking ??= look().finally(() => {
      looking = null
    })
    return looking
  }
  app.get(
    '/disk',
    {
      schema: {
        tags: ['service'],
        summary: 'What runs have left on the disk',
        description:
          'Who takes what, what stays whatever the cap, and what would be removed now. It removes nothing.',
        querystring: Type.Object({
          cap_mb: Type.Optional(
            Type.String({
              description: 'Tells what another cap than that of the settings would remove; a whole number.',
            }),
          ),
        }),
        response: { 200: DiskAnswer },
      },
      config: { scope: 'read', errors: ['LOOPER_FIELD_INVALID'] },
    },
    async ({ query: { cap_mb } }) => {
      const cap = cap_mb === undefined ? capBytes : bytesOf(cap_mb)
      return diskAnswer(await lookOnce(), cap)
    },
  )
}

/** @throws {LooperError} `LOOPER_FIELD_INVALID` */
function bytesOf(given: string): number {
  const mb = /^\d{1,10}$/.test(given) ? Number(given) : 0
  if (mb >= 1 && mb <= MOST_CAP_MB) return mb * MIB
  throw new LooperError('LOOPER_FIELD_INVALID', `'cap_mb' must be a whole number from 1 to ${MOST_CAP_MB}`)
}
