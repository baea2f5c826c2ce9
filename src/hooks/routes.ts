import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError, messageOf } from '../errors.ts'
import { refuse } from '../http/auth.ts'
import type { Failures } from '../http/failures.ts'
import { type KeptAnswer, once } from '../http/idempotency.ts'
import { leaveJsonUnread } from '../http/json-body.ts'
import { START_ERRORS } from '../runs/api.ts'
import { startAside } from '../runs/post-run.ts'
import { prepareRun } from '../runs/request.ts'
import type { RunRoutesOptions } from '../runs/routes.ts'
import { type Static, Type } from '../schema.ts'
import { decide } from './decide.ts'
import { type Hook, readHooks, secretsOf } from './hooks-file.ts'
import { deliveryIdOf, isAuthentic } from './verify.ts'

/** What the routes of hooks need. */
export interface HookRoutesOptions extends RunRoutesOptions {
  /** The hooks file; it is read at each delivery. */
  readonly file: string
  /** Where `secret_env` is looked up. */
  readonly env: NodeJS.ProcessEnv
  readonly failures: Failures
}

const Ignored = Type.Object({ ok: Type.Literal(true), ignored: Type.String() })
const Taken = Type.Object({ ok: Type.Literal(true), run_id: Type.Union([Type.String(), Type.Null()]) })
type HookAnswer = Static<typeof Ignored> | Static<typeof Taken>

/** GitHub's payloads may be large; more than this is refused. */
const BODY_LIMIT_BYTES = 5 * 1024 * 1024

const Params = Type.Object({ name: Type.String({ description: 'The name of the hook.' }) })

/** `POST /hooks/:name`: a verified delivery is answered 202 with the run's id, before the run begins. */
export const hookRoutes: FastifyPluginAsyncTypebox<HookRoutesOptions> = async (app, options) => {
  const { runs, ledger, defaults, file, env, failures, clock } = options
  const readJson = leaveJsonUnread(app)
  app.post(
    '/hooks/:name',
    {
      schema: {
        tags: ['hooks'],
        summary: 'A delivery of a webhook',
        description:
          'Each hook is configured on the machine, with the secret that its deliveries are verified by: a signature of ' +
          'GitHub or Standard Webhooks, the token of GitLab, or a bearer token. The same delivery is taken once.',
        params: Params,
      },
      config: {
        body: Type.Object({}),
        answers: {
          200: {
            description: 'The hook starts nothing for such a delivery; why, says a sentence.',
            content: { 'application/json': Ignored },
          },
          202: {
            description: 'The run that begins; null where the hook only stops.',
            content: { 'application/json': Taken },
          },
        },
        errors: [
          ...START_ERRORS,
          'LOOPER_UNAUTHORIZED',
          'LOOPER_RATE_LIMITED',
          'LOOPER_NOT_FOUND',
          'LOOPER_HOOK_PAYLOAD',
          'LOOPER_HOOKS_UNUSABLE',
          'LOOPER_KEY_IN_USE',
        ],
      },
      bodyLimit: BODY_LIMIT_BYTES,
    },
    async (request, reply) => {
      const { name } = request.params
      const { hook, secrets } = findHook(name)
      const delivery = { headers: request.headers, body: request.rawBody ?? Buffer.alloc(0) }
      if (!isAuthentic(hook.kind, delivery, secrets, clock.now())) throw refuse(request, reply, failures)
      request.caller = { name: `hook:${name}`, scope: 'run' }
      // Nothing is read before it is known who wrote it.
      const payload = delivery.body.length === 0 ? undefined : await readJson(request, delivery.body)

      const id = deliveryIdOf(hook.kind, delivery)
      const key = id === null ? null : `hook:${name} ${id}`
      const keyed = { key, body: null, requestId: request.id, now: clock.now(), interrupted: begun }
      // A key of an earlier life tells what became of its run.
      await runs.adopted()
      const answer = await once<HookAnswer>(ledger, keyed, async () => {
        const decision = decide(hook, delivery, payload)
        if (decision.kind === 'ignored') return { status: 200, body: { ok: true, ignored: decision.reason } }
        const origin = { requestId: request.id, trigger: 'hook', caller: `hook:${name}` } as const
        const prepared = await prepareRun(decision.body, origin, defaults)
        return begun(await startAside(runs, prepared.request))
      })
      return reply.code(answer.status).send(answer.body)
    },
  )

  function begun(runId: string | null): KeptAnswer<HookAnswer> {
    return { status: 202, body: { ok: true, run_id: runId } }
  }

  function findHook(name: string): { hook: Hook; secrets: readonly string[] } {
    let hook: Hook | undefined
    try {
      hook = readHooks(file).get(name)
      if (hook) return { hook, secrets: secretsOf(hook, env) }
    } catch (error) {
      app.log.error({ hook: name, error: messageOf(error) }, 'hook.fail')
      throw new LooperError('LOOPER_HOOKS_UNUSABLE', 'the hooks file cannot be used', { cause: error })
    }
    throw new LooperError('LOOPER_NOT_FOUND', 'there is no such hook')
  }
}
