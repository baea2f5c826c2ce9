import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LooperError, messageOf } from '../../base/errors.ts'
import { type Static, Type } from '../../base/schema.ts'
import { refuse } from '../../http/auth.ts'
import { createBodyBudget, readBody } from '../../http/body-budget.ts'
import type { Failures } from '../../http/failures.ts'
import { type KeptAnswer, once } from '../../http/idempotency.ts'
import { leaveJsonUnread } from '../../http/json-body.ts'
import { HeldUntil } from '../../runs/answers.ts'
import { START_ERRORS } from '../../runs/api.ts'
import { startAside } from '../../runs/post-run.ts'
import { prepareRun } from '../../runs/request.ts'
import type { RunRoutesOptions } from '../../runs/routes.ts'
import { decide } from './decide.ts'
import { HOOK_PAYLOAD, HOOKS_UNUSABLE } from './errors.ts'
import { followHooks } from './follow.ts'
import { deliveryIdOf, isAuthentic, mayBeAuthentic } from './verify.ts'

/** What the routes of hooks need. */
export interface HookRoutesOptions extends RunRoutesOptions {
  /** The hooks file; a change counts at the next delivery. */
  readonly file: string
  /** Where `secret_env` is looked up. */
  readonly env: NodeJS.ProcessEnv
  readonly failures: Failures
}

const Ignored = Type.Object({ ok: Type.Literal(true), ignored: Type.String() })
const Taken = Type.Object({
  ok: Type.Literal(true),
  run_id: Type.Union([Type.String(), Type.Null()]),
  held_until: HeldUntil,
})
type HookAnswer = Static<typeof Ignored> | Static<typeof Taken>

const MIB = 1024 * 1024
/** GitHub's payloads have up to 25 MB (docs.github.com, "Webhook events and payloads"). */
const BODY_LIMIT_BYTES = 25 * MIB
/** What all deliveries that are read at once may take. */
const TOTAL_BYTES = 64 * MIB
const QUIET_MS = 60_000

const Params = Type.Object({ name: Type.String({ description: 'The name of the hook.' }) })

/** `POST /hooks/:name`: a verified delivery is answered 202 with the run's id, before the run begins. */
export const hookRoutes: FastifyPluginAsyncTypebox<HookRoutesOptions> = async (app, options) => {
  const { runs, ledger, defaults, file, env, failures, clock } = options
  const hooks = followHooks(file, env, (problem) => app.log.error(problem, 'hook.fail'))
  const budget = createBodyBudget(TOTAL_BYTES)
  const readJson = leaveJsonUnread(app)
  const told = new Map<string, number>()

  app.post(
    '/hooks/:name',
    {
      schema: {
        tags: ['hooks'],
        summary: 'A delivery of a webhook',
        description:
          'Each hook is configured on the machine, with the secret that its deliveries are verified by: a signature of ' +
          'GitHub or Standard Webhooks, the token of GitLab, or a bearer token. A repeated delivery starts nothing.',
        params: Params,
      },
      config: {
        body: Type.Object({}),
        answers: {
          200: {
            description: 'The hook starts nothing for this delivery; a sentence says why.',
            content: { 'application/json': Ignored },
          },
          202: {
            description:
              'The run that begins, or waits for the launch in progress; null if the hook only stops runs.',
            content: { 'application/json': Taken },
          },
        },
        errors: [
          // What comes during a launch waits.
          ...START_ERRORS.filter((code) => code !== 'LOOPER_BUSY'),
          'LOOPER_UNAUTHORIZED',
          'LOOPER_RATE_LIMITED',
          'LOOPER_NOT_FOUND',
          HOOK_PAYLOAD,
          HOOKS_UNUSABLE,
          'LOOPER_KEY_IN_USE',
          'LOOPER_OVERLOADED',
        ],
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const found = hooks.find(name)
      if (!found) throw new LooperError('LOOPER_NOT_FOUND', 'there is no such hook')
      const { hook, secrets } = found
      const { headers } = request
      if (!mayBeAuthentic(hook.kind, { headers }, secrets, clock.now()))
        throw refuse(request, reply, failures)
      const delivery = { headers, body: await read(name, request, reply) }
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
        if (decision.kind === 'ignored')
          return { status: 200, body: { ok: true, ignored: decision.reason }, effect: 'none' }
        const origin = { requestId: request.id, trigger: 'hook', caller: `hook:${name}` } as const
        const prepared = await prepareRun(decision.body, origin, defaults)
        const { runId, heldUntil, effect } = await startAside(runs, prepared.request, 'wait')
        return { ...begun(runId, heldUntil), effect }
      })
      return reply.code(answer.status).send(answer.body)
    },
  )

  function begun(runId: string | null, heldUntil?: string | null): KeptAnswer<HookAnswer> {
    const held = heldUntil === undefined ? {} : { held_until: heldUntil }
    return { status: 202, body: { ok: true, run_id: runId, ...held } }
  }

  /** The bytes of a delivery, which may be worth something. */
  async function read(hook: string, { id, raw }: FastifyRequest, reply: FastifyReply): Promise<Buffer> {
    const share = budget.open()
    reply.raw.once('close', share.free)
    const bytes = Number(raw.headers['content-length'] ?? 0)
    try {
      return await readBody(raw, bytes, BODY_LIMIT_BYTES, share)
    } catch (error) {
      const facts = { request_id: id, hook, error: messageOf(error), bytes, limit_bytes: BODY_LIMIT_BYTES }
      if (isNews(`${hook} ${facts.error}`)) app.log.warn(facts, 'hook.refused')
      throw error
    }
  }

  /** Strangers may bring it about, too: the same is told once a minute. */
  function isNews(what: string): boolean {
    const now = clock.monotonic()
    const last = told.get(what)
    if (last !== undefined && now - last < QUIET_MS) return false
    told.set(what, now)
    return true
  }
}
