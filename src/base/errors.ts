/**
 * Every failure that a caller or an operator can act on: its HTTP status and what to do about it.
 * `docs/errors.md` lists the same codes.
 */
export const ERRORS = {
  LOOPER_MESSAGE_MISSING: { status: 400, remedy: "Send 'zulip_message', a text that is not empty." },
  LOOPER_BODY_INVALID: { status: 400, remedy: 'Send one JSON object as the body.' },
  LOOPER_FIELD_INVALID: { status: 400, remedy: 'Correct the field that the error names.' },
  LOOPER_WORKSPACE_MISSING: { status: 400, remedy: "Send 'workspace', or set LOOPER_WORKSPACE." },
  LOOPER_PROMPT_MISSING: {
    status: 400,
    remedy: "Send 'codex_prompt', or set LOOPER_DEFAULT_PROMPT or LOOPER_DEFAULT_PROMPT_FILE.",
  },
  LOOPER_UNAUTHORIZED: {
    status: 401,
    remedy: 'Send a valid token as "Authorization: Bearer <token>"; to a hook, its own secret or signature.',
  },
  LOOPER_TOKEN_EXPIRED: {
    status: 401,
    remedy: 'Make a new token ("npm run token"), or move its date in the tokens file.',
  },
  LOOPER_FORBIDDEN: { status: 403, remedy: 'Use a token whose scope allows it.' },
  LOOPER_WORKSPACE_FORBIDDEN: {
    status: 403,
    remedy: 'Name a workspace in the allowed roots, or add its root to LOOPER_WORKSPACE_ROOTS.',
  },
  LOOPER_EXECUTABLE_FORBIDDEN: {
    status: 403,
    remedy: 'Leave the field out, or add the file to LOOPER_ALLOWED_EXECUTABLES.',
  },
  LOOPER_ORIGIN_FORBIDDEN: {
    status: 403,
    remedy: 'Send the request from a program, or from the page of this service.',
  },
  LOOPER_REQUEST_TIMEOUT: { status: 408, remedy: 'Send the whole request within 30 s.' },
  LOOPER_RUN_CANCELLED: {
    status: 409,
    remedy: 'Nothing to do: somebody stopped the run that you requested.',
  },
  LOOPER_RUN_ENDED: { status: 409, remedy: 'Nothing to do: GET /runs/<run_id> tells how it ended.' },
  LOOPER_KEY_IN_USE: {
    status: 409,
    remedy:
      'Wait for the answer to the first request with this Idempotency-Key, then send the request again.',
  },
  LOOPER_KEY_INTERRUPTED: {
    status: 409,
    remedy: 'GET /runs/<run_id> tells what became of the run; use a new Idempotency-Key for another one.',
  },
  LOOPER_HOST_UNKNOWN: {
    status: 421,
    remedy: 'Use the address of the service, or add the name to LOOPER_ALLOWED_HOSTS.',
  },
  LOOPER_KEY_REUSED: { status: 422, remedy: 'Use a new Idempotency-Key for another body.' },
  LOOPER_HOOK_PAYLOAD: {
    status: 422,
    remedy: 'Correct the template in LOOPER_HOOKS_FILE, or the payload.',
  },
  LOOPER_RATE_LIMITED: {
    status: 429,
    remedy: 'Wait for the time in Retry-After, then send the right token.',
  },
  LOOPER_HEADERS_TOO_LARGE: { status: 431, remedy: 'Send fewer or shorter headers.' },
  LOOPER_HOOKS_UNUSABLE: {
    status: 500,
    remedy: 'Correct LOOPER_HOOKS_FILE; the server log says what is wrong with it.',
  },
  LOOPER_BAD_REQUEST: { status: 400, remedy: 'Send well-formed HTTP/1.1.' },
  LOOPER_NOT_FOUND: { status: 404, remedy: 'Check the path; GET /docs lists them.' },
  LOOPER_METHOD_NOT_ALLOWED: { status: 405, remedy: 'Use the method that the Allow header names.' },
  LOOPER_AUTOPOLL_OFF: {
    status: 409,
    remedy:
      'Set LOOPER_WORKSPACE and LOOPER_DEFAULT_PROMPT (or LOOPER_DEFAULT_PROMPT_FILE), leave LOOPER_AUTO_START_WHEN_IDLE on, and restart.',
  },
  LOOPER_BUSY: { status: 409, remedy: 'Wait for the other launch to finish, then send the request again.' },
  LOOPER_BODY_TOO_LARGE: { status: 413, remedy: 'Send a smaller body.' },
  LOOPER_PROMPT_TOO_LARGE: { status: 413, remedy: 'Send a prompt of at most 1 MiB.' },
  LOOPER_MEDIA_TYPE: { status: 415, remedy: 'Send the body with "Content-Type: application/json".' },
  LOOPER_WORKSPACE_INVALID: { status: 500, remedy: 'Name a directory that exists on the machine.' },
  LOOPER_WORKSPACE_CLOSED: {
    status: 500,
    remedy: 'Let the user of the service enter it (chmod, chown, mount), or name another workspace.',
  },
  LOOPER_WORKSPACE_REFUSED: {
    status: 500,
    remedy: 'Do what the error says, or name another workspace.',
  },
  LOOPER_BINARY_MISSING: {
    status: 500,
    remedy: "Install the program, or name it with 'codex_exec_binary' or CODEX_EXEC_BINARY.",
  },
  LOOPER_NOTICE_FAILED: {
    status: 500,
    remedy: 'Fix the cause that the error names; nothing was stopped or launched.',
  },
  LOOPER_STOP_FAILED: {
    status: 500,
    remedy:
      'Stop the agent that the error names by hand (as root, if it belongs to another user), then send the request again.',
  },
  LOOPER_AGENT_EXITED_EARLY: { status: 500, remedy: 'Read the run log that the error names.' },
  LOOPER_LAUNCH_FAILED: {
    status: 500,
    remedy: 'Fix the cause that the error names; the old agents are already stopped.',
  },
  LOOPER_LOG_UNWRITABLE: {
    status: 500,
    remedy: 'Make the log directory writable, or set CODEX_EXEC_LOG_DIR to one that is.',
  },
  LOOPER_PROMPT_FILE_UNREADABLE: {
    status: 500,
    remedy: 'Make the file of LOOPER_DEFAULT_PROMPT_FILE readable and not empty, or send a prompt.',
  },
  LOOPER_LEDGER_UNWRITABLE: {
    status: 500,
    remedy: 'Free disk space, or make the file of LOOPER_DB_PATH writable; nothing was announced or stopped.',
  },
  LOOPER_DISK_FULL: {
    status: 507,
    remedy: 'Free space on the disk of CODEX_EXEC_LOG_DIR, or lower LOOPER_MIN_FREE_MB.',
  },
  LOOPER_RUN_NOT_FOUND: { status: 404, remedy: 'GET /runs lists the runs on the record.' },
  LOOPER_LOG_NOT_FOUND: {
    status: 404,
    remedy: "GET /runs/<run_id> tells whether the run began; old runs' logs may have been removed.",
  },
  LOOPER_RANGE_UNSATISFIABLE: {
    status: 416,
    remedy: 'Request a range within the log; Content-Range gives its size.',
  },
  LOOPER_OVERLOADED: { status: 503, remedy: 'Send the request again after the time in Retry-After.' },
  LOOPER_SHUTTING_DOWN: { status: 503, remedy: 'Send the request again when the service is running again.' },
  LOOPER_INTERNAL: {
    status: 500,
    remedy: 'Search the server log for the request id, and report the problem.',
  },
} as const

/** The stable name of a failure; callers branch on it. */
export type ErrorCode = keyof typeof ERRORS

/** A failure with a stable code. Its message is the sentence that callers see as `error`. */
export class LooperError extends Error {
  readonly code: ErrorCode
  readonly status: number
  /** The request that failed so, where it is not the one that is answered. */
  readonly requestId: string | undefined

  /** @param message what went wrong, as callers read it; @param options the underlying `cause`, if any */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { readonly requestId?: string }) {
    super(message, options)
    this.name = 'LooperError'
    this.code = code
    this.requestId = options?.requestId
    this.status = ERRORS[code].status
  }
}

/** The sentence of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
