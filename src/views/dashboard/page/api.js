/** @typedef {{ name?: string, failed?: boolean, remedy?: string | null }} Named What a service of an earlier version does not tell. */
/** @typedef {import('../../../runs/run-schemas.ts').RunSummary & Named} RunSummary */
/** @typedef {import('../../../runs/run-schemas.ts').RunDetails & Named} RunDetails */
/** @typedef {import('../../../runs/run-schemas.ts').RunList} RunPage */
/** @typedef {import('../../../runs/run-schemas.ts').StopAnswer} Stopped */
/** @typedef {import('../../../runs/answers.ts').PlanAnswer['plan']} Plan */
/** @typedef {{ autopoll: import('../../../triggers/autopoll/schemas.ts').AutopollState | null, asks?: { open: number } | null, push?: object | null }} StatusParts */
/** @typedef {import('../../status/schemas.ts').StatusCore & StatusParts} Status */
/** @typedef {import('../../../logs/schemas.ts').LogMatchesAnswer} LogMatches */
/** @typedef {import('../../../logs/schemas.ts').LogLinesAnswer} LogLines */
/** @typedef {import('../../../logs/schemas.ts').LogTimesAnswer} LogTimes */
/** @typedef {import('../../../logs/transcript-schemas.ts').TranscriptAnswer} TranscriptPage */
/** @typedef {import('../../../logs/transcript-schemas.ts').Entry} Entry */
/** @typedef {import('../../agents/schemas.ts').AgentsAnswer['agents'][number]} Agent */
/** @typedef {Plan['stop'][number]} PlannedStop */
/** @typedef {Status['findings'][number]} Finding */
/** @typedef {NonNullable<Status['slots']>[number]} SlotState */
/** @typedef {import('../../../runs/queue-schemas.ts').QueueAnswer} Queue */
/** @typedef {NonNullable<Status['holds']>[number]} Hold */
/** @typedef {import('../../../people/schemas.ts').AskAnswer} Ask */

/** Where the service is: a proxy may have put it below a path of its own. */
export const ROOT = new URL('..', import.meta.url)

/** A failure as the service tells it. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {string | null} remedy */
  constructor(status, code, message, remedy) {
    super(message)
    this.status = status
    this.code = code
    this.remedy = remedy
  }
}

/** @typedef {ReturnType<typeof createApi>} Api */

/** Two clocks that differ by less than this are taken for equal: the `Date` header counts whole seconds. */
const SAME_CLOCK_MS = 2000

/**
 * The service's API.
 * @param {string | null} token sent with every request, in a header that no proxy uses for itself
 * @param {(code: string) => void} refused is told when the service does not take the token (any more), and why
 */
export function createApi(token, refused) {
  let skewMs = 0

  /** @param {string} path @param {RequestInit & { headers?: Record<string, string> }} [init] */
  async function ask(path, init = {}) {
    const headers = { ...init.headers, ...(token !== null && { 'x-looper-token': token }) }
    const response = await fetch(new URL(path, ROOT), {
      ...init,
      headers,
      cache: 'no-store',
      redirect: 'error',
    })
    const skew = Date.parse(response.headers.get('date') ?? '') - Date.now()
    skewMs = Math.abs(skew) > SAME_CLOCK_MS ? skew : 0
    if (response.ok) return response
    const body = await response.json().catch(() => null)
    const code = String(body?.code ?? '')
    if (response.status === 401) refused(code)
    throw new ApiError(
      response.status,
      code,
      sentence(body?.error ?? `The service answered ${response.status}`),
      body?.remedy ?? null,
    )
  }

  /** @param {string} path @param {RequestInit & { headers?: Record<string, string> }} [init] */
  const read = async (path, init) => (await ask(path, init)).json()

  /** @param {string} path @param {object} body */
  const post = (path, body) =>
    read(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  /** @param {string} runId */
  const runPath = (runId) => `runs/${encodeURIComponent(runId)}`

  return {
    hasToken: token !== null,
    read,
    /** The service's time, in milliseconds since the epoch: a phone's clock may be wrong. */
    now: () => Date.now() + skewMs,
    /** @returns {Promise<Status>} */
    status: () => read('status'),
    /** @param {string} outcome @param {string} slot @param {string | null} cursor @param {number} limit @returns {Promise<RunPage>} */
    runs(outcome, slot, cursor, limit) {
      const query = new URLSearchParams({ limit: String(limit) })
      if (outcome !== '') query.set('outcome', outcome)
      if (slot !== '') query.set('slot', slot)
      if (cursor !== null) query.set('cursor', cursor)
      return read(`runs?${query}`)
    },
    /** @param {string} runId @returns {Promise<RunDetails>} */
    run: (runId) => read(runPath(runId)),
    /** @param {string} runId @returns {Promise<Stopped>} */
    stop: (runId) => post(`${runPath(runId)}/stop`, {}),
    /** The first of those that wait in a slot. @param {string} slot @param {number} limit @returns {Promise<Queue>} */
    queue: (slot, limit) => read(`queue?${queryOf({ slot, limit })}`),
    /** @param {string} runId @returns {Promise<unknown>} */
    putFirst: (runId) => post(`queue/${encodeURIComponent(runId)}/first`, {}),
    /** Lets the runs of an agent begin before its usage limit is reset. @param {string} agent @returns {Promise<unknown>} */
    release: (agent) => post(`holds/${encodeURIComponent(agent)}/release`, {}),
    /** @param {object} body @returns {Promise<{ run_id: string | null, plan: Plan, waiting_ahead?: number }>} */
    start: (body) => post('run', body),
    /** @param {'pause' | 'resume' | 'launch'} order @returns {Promise<unknown>} */
    autopoll: (order) => post(`autopoll/${order}`, {}),
    /** @param {string} runId the size of its log, in bytes */
    async logSize(runId) {
      const response = await ask(`${runPath(runId)}/log`, { method: 'HEAD' }).catch((error) => {
        // An answer to HEAD has no words.
        throw error instanceof ApiError && error.status === 404
          ? new ApiError(404, error.code, 'The log of this run is gone: its file was removed.', null)
          : error
      })
      return Number(response.headers.get('content-length'))
    },
    /**
     * Lines of its log by their numbers, or that hold a byte.
     * @param {string} runId @param {{ from?: number, offset?: number, count: number }} wanted @param {AbortSignal} signal
     * @returns {Promise<LogLines>}
     */
    logLines: (runId, wanted, signal) => read(`${runPath(runId)}/log/lines?${queryOf(wanted)}`, { signal }),
    /**
     * Where a text occurs in its log, from an offset on.
     * @param {string} runId @param {{ q: string, offset: number, limit: number }} wanted @param {AbortSignal} signal
     * @returns {Promise<LogMatches>}
     */
    searchLog: (runId, wanted, signal) => read(`${runPath(runId)}/log/search?${queryOf(wanted)}`, { signal }),
    /**
     * When lines of its log were written. @param {string} runId @param {{ from: number, count: number }} wanted
     * @param {AbortSignal} signal @returns {Promise<LogTimes>}
     */
    logTimes: (runId, wanted, signal) => read(`${runPath(runId)}/log/times?${queryOf(wanted)}`, { signal }),
    /** Bytes of its log. @param {string} runId @param {number} from @param {number} to @param {AbortSignal} signal */
    async logPart(runId, from, to, signal) {
      const headers = { range: `bytes=${from}-${to - 1}` }
      return new Uint8Array(await (await ask(`${runPath(runId)}/log`, { headers, signal })).arrayBuffer())
    },
    /** @param {string} runId */
    log: async (runId) => (await ask(`${runPath(runId)}/log`)).blob(),
    /**
     * The end of what its check wrote, and how many bytes stand before it.
     * @param {string} runId @param {number} most in bytes
     */
    async verifyLog(runId, most) {
      const path = `${runPath(runId)}/verify-log`
      const length = (/** @type {Response} */ response) => Number(response.headers.get('content-length'))
      const size = length(await ask(path, { method: 'HEAD' }))
      if (size === 0) return { text: '', before: 0 }
      const before = Math.max(0, size - most)
      const response = await ask(path, { headers: { range: `bytes=${before}-${size - 1}` } })
      return { text: await response.text(), before }
    },
    /** What it changed, as a stream. @param {string} runId */
    diff: async (runId) => (await ask(`${runPath(runId)}/diff`)).body,
    /** @param {string} path @param {string} lastId @param {AbortSignal} signal */
    stream: (path, lastId, signal) =>
      ask(path, { signal, ...(lastId !== '' && { headers: { 'last-event-id': lastId } }) }),
    /** The agents that there are; they are asked, which may take seconds. @returns {Promise<{ agents: Agent[] }>} */
    agents: () => read('agents'),
    /**
     * What its agent said, behind an entry. @param {string} runId @param {{ after: number, limit: number }} wanted
     * @param {AbortSignal} signal @returns {Promise<TranscriptPage>}
     */
    transcript: (runId, wanted, signal) =>
      read(`${runPath(runId)}/transcript?${queryOf(wanted)}`, { signal }),
    /** @param {string} runId */
    transcriptStream: (runId) => `${runPath(runId)}/transcript?follow=1`,
    /** @param {string} runId */
    logStream: (runId) => `${runPath(runId)}/log?follow=1`,
  }
}

/** Whether asking again leads to the same answer. @param {unknown} error */
export function isFinal(error) {
  return error instanceof ApiError && error.status < 500 && error.status !== 429
}

/** @param {object} fields */
function queryOf(fields) {
  return new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)]))
}

/** @param {string} text */
function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?)]$/.test(begun) ? begun : `${begun}.`
}
