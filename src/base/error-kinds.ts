import { WORKSPACE_ERRORS } from './workspace-errors.ts'

/** A failure that a caller or an operator can act on. */
export interface ErrorKind {
  /** Its stable name; callers branch on it. */
  readonly code: string
  /** The HTTP status. */
  readonly status: number
  /** When it comes, in a sentence. */
  readonly when: string
  /** What to do about it, in a sentence. */
  readonly remedy: string
}

/** The failures of the service itself; plug-ins have their own. `docs/errors.md` is made of all of them. */
export const ERRORS = {
  LOOPER_MESSAGE_MISSING: {
    status: 400,
    when: 'The field `zulip_message` is absent, null, or only spaces.',
    remedy: "Send 'zulip_message' with a text that is not empty.",
  },
  LOOPER_BODY_INVALID: {
    status: 400,
    when: 'The body is absent, not JSON, or not an object.',
    remedy: 'Send one JSON object as the body.',
  },
  LOOPER_FIELD_INVALID: {
    status: 400,
    when: 'A field is missing, has the wrong type, is out of range, or holds NUL or broken Unicode.',
    remedy: 'Correct the field that the error names.',
  },
  LOOPER_WORKSPACE_MISSING: {
    status: 400,
    when: 'There is a prompt to launch, but no workspace in the request or the settings.',
    remedy: "Send 'workspace', or set LOOPER_WORKSPACE.",
  },
  LOOPER_AGENT_UNKNOWN: {
    status: 400,
    when: 'The request names an agent that does not exist.',
    remedy: 'Name one of the agents that GET /agents lists.',
  },
  LOOPER_AGENT_REFUSED: {
    status: 400,
    when: 'The agent cannot do what the request asks for, such as taking a system prompt.',
    remedy: 'Leave out what the error names, or name another agent.',
  },
  LOOPER_BUDGET_UNKNOWN: {
    status: 400,
    when: 'The request sets a budget in tokens or US dollars, or a setting one in US dollars, and its agent does not tell what it uses of them.',
    remedy:
      "Set the other one, name an agent that tells it, or leave the budget out; 'max_cost_usd': 0 for one of LOOPER_RUN_MAX_COST_USD.",
  },
  LOOPER_BUDGET_SPENT: {
    status: 429,
    when: 'What runs may use on one day (LOOPER_DAY_MAX_TOKENS, LOOPER_DAY_MAX_COST_USD) is used up.',
    remedy: 'Ask again after the time in Retry-After, or raise the setting and restart Looper.',
  },
  LOOPER_RESUME_REFUSED: {
    status: 409,
    when: 'The run to be resumed has no session, or its session is gone or belongs to another agent.',
    remedy: "Leave 'resume' out to begin a new session, or name another run.",
  },
  LOOPER_PROMPT_MISSING: {
    status: 400,
    when: 'There is no prompt in the request or the settings.',
    remedy: "Send 'codex_prompt', or set LOOPER_DEFAULT_PROMPT or LOOPER_DEFAULT_PROMPT_FILE.",
  },
  LOOPER_UNAUTHORIZED: {
    status: 401,
    when: 'A token is required, and the request has none or a wrong one.',
    remedy: 'Send a valid token as "Authorization: Bearer <token>"; to a hook, its own secret or signature.',
  },
  LOOPER_TOKEN_EXPIRED: {
    status: 401,
    when: 'The token has expired.',
    remedy: 'Create a new token ("looper token add"), or change its date in the tokens file.',
  },
  LOOPER_FORBIDDEN: {
    status: 403,
    when: 'The token is valid, but its scope does not allow this.',
    remedy: 'Use a token whose scope allows it.',
  },
  LOOPER_WORKSPACE_FORBIDDEN: {
    status: 403,
    when: 'The workspace lies outside the allowed roots, or was replaced by a link.',
    remedy: 'Name a workspace in the allowed roots, or add its root to LOOPER_WORKSPACE_ROOTS.',
  },
  LOOPER_EXECUTABLE_FORBIDDEN: {
    status: 403,
    when: 'The request names a program, a script or a check that the owner did not allow.',
    remedy: 'Leave the field out, or add the file to LOOPER_ALLOWED_EXECUTABLES.',
  },
  LOOPER_ORIGIN_FORBIDDEN: {
    status: 403,
    when: 'The request comes from a web page of another origin.',
    remedy: 'Send the request from a program, or from the page of this service.',
  },
  LOOPER_REQUEST_TIMEOUT: {
    status: 408,
    when: 'The request took too long to arrive.',
    remedy: 'Send the whole request within 30 s.',
  },
  LOOPER_RUN_CANCELLED: {
    status: 409,
    when: 'The run was stopped before the request was answered.',
    remedy: 'Nothing to do: somebody stopped the run that you requested.',
  },
  LOOPER_RUN_NOT_WAITING: {
    status: 409,
    when: 'The run to be moved in the queue does not wait: it runs, or has ended.',
    remedy: 'Look what waits with GET /queue.',
  },
  LOOPER_RUN_ENDED: {
    status: 409,
    when: 'The run to be stopped has already ended.',
    remedy: 'Nothing to do: GET /runs/<run_id> shows how it ended.',
  },
  LOOPER_KEY_IN_USE: {
    status: 409,
    when: 'The first request with this Idempotency-Key is not answered yet.',
    remedy:
      'Wait for the answer to the first request with this Idempotency-Key, then send the request again.',
  },
  LOOPER_KEY_INTERRUPTED: {
    status: 409,
    when: 'The service ended while it was working on the first request with this Idempotency-Key, after a run had begun; the error names the run.',
    remedy: 'GET /runs/<run_id> shows what became of the run; use a new Idempotency-Key for another one.',
  },
  LOOPER_HOST_UNKNOWN: {
    status: 421,
    when: 'The Host header names another machine.',
    remedy: 'Use the address of the service, or add the name to LOOPER_ALLOWED_HOSTS.',
  },
  LOOPER_KEY_REUSED: {
    status: 422,
    when: 'The Idempotency-Key was used with another body.',
    remedy: 'Use a new Idempotency-Key for another body.',
  },
  LOOPER_RATE_LIMITED: {
    status: 429,
    when: 'Too many wrong tokens or signatures from this address.',
    remedy: 'Wait for the time in Retry-After, then send the right token.',
  },
  LOOPER_HEADERS_TOO_LARGE: {
    status: 431,
    when: 'The headers are larger than 16 KiB.',
    remedy: 'Send fewer or shorter headers.',
  },
  LOOPER_BAD_REQUEST: {
    status: 400,
    when: 'The request is not valid HTTP.',
    remedy: 'Send well-formed HTTP/1.1.',
  },
  LOOPER_NOT_FOUND: {
    status: 404,
    when: 'There is nothing at this path.',
    remedy: 'Check the path; GET /docs lists all paths.',
  },
  LOOPER_METHOD_NOT_ALLOWED: {
    status: 405,
    when: 'The path exists, but not with this method.',
    remedy: 'Use the method that the Allow header names.',
  },
  LOOPER_BUSY: {
    status: 409,
    when: 'Another request or the autopoll is launching at this moment.',
    remedy: 'Wait for the other launch to finish, then send the request again.',
  },
  LOOPER_WORKSPACE_BUSY: {
    status: 409,
    when: 'A run in another slot works in the workspace, and not both said that they share it.',
    remedy: "Stop that run, use another workspace, or send 'share_workspace' with both requests.",
  },
  LOOPER_MAX_RUNS: {
    status: 409,
    when: 'As many slots have a run as LOOPER_MAX_RUNS allows.',
    remedy: 'Wait until one has ended, stop one, or raise LOOPER_MAX_RUNS.',
  },
  LOOPER_AGENT_HELD: {
    status: 429,
    when: 'The usage limit of the agent is reached, and the request does not wait for its reset.',
    remedy:
      'Wait for the time that the error names, send \'on_quota\' "hold", name another agent, or end it early with POST /holds/<agent>/release.',
  },
  LOOPER_HOLD_NOT_FOUND: {
    status: 404,
    when: 'The runs of the agent are not held.',
    remedy: 'GET /holds lists the agents that are held.',
  },
  LOOPER_BODY_TOO_LARGE: {
    status: 413,
    when: 'The body is larger than allowed.',
    remedy: 'Send a smaller body.',
  },
  LOOPER_PROMPT_TOO_LARGE: {
    status: 413,
    when: 'The prompt has more than 1,048,576 bytes.',
    remedy: 'Send a prompt of at most 1 MiB.',
  },
  LOOPER_MEDIA_TYPE: {
    status: 415,
    when: 'The body is not declared as JSON.',
    remedy: 'Send the body with "Content-Type: application/json".',
  },
  ...WORKSPACE_ERRORS,
  LOOPER_BINARY_MISSING: {
    status: 500,
    when: "The agent's program was not found, or may not be executed.",
    remedy:
      "Install the program, or name it with 'codex_exec_binary' or the setting of its agent (CODEX_EXEC_BINARY, LOOPER_<AGENT>_BINARY).",
  },
  LOOPER_NOTICE_FAILED: {
    status: 500,
    when: 'The notice could not be sent.',
    remedy: 'Fix the cause that the error names; nothing was stopped or launched.',
  },
  LOOPER_STOP_FAILED: {
    status: 500,
    when: 'An agent is still alive after SIGKILL, or its end cannot be verified; nothing was launched beside it.',
    remedy:
      'Stop the agent that the error names by hand (as root, if it belongs to another user), then send the request again.',
  },
  LOOPER_AGENT_EXITED_EARLY: {
    status: 500,
    when: 'The agent ended with an error within the startup check.',
    remedy: 'Read the run log that the error names.',
  },
  LOOPER_LAUNCH_FAILED: {
    status: 500,
    when: 'The agent could not be started.',
    remedy: 'Fix the cause that the error names; the old agents are already stopped.',
  },
  LOOPER_LOG_UNWRITABLE: {
    status: 500,
    when: 'The run log cannot be created or written.',
    remedy: 'Make the log directory writable, or set CODEX_EXEC_LOG_DIR to one that is.',
  },
  LOOPER_PROMPT_FILE_UNREADABLE: {
    status: 500,
    when: 'The file of the default prompt is missing, empty, or may not be read.',
    remedy: 'Make the file of LOOPER_DEFAULT_PROMPT_FILE readable and not empty, or send a prompt.',
  },
  LOOPER_LEDGER_UNWRITABLE: {
    status: 500,
    when: 'The run could not be written to the ledger.',
    remedy: 'Free disk space, or make the file of LOOPER_DB_PATH writable; nothing was announced or stopped.',
  },
  LOOPER_DISK_FULL: {
    status: 507,
    when: 'The disk of the run logs has less free space than LOOPER_MIN_FREE_MB.',
    remedy: 'Free space on the disk of CODEX_EXEC_LOG_DIR, or lower LOOPER_MIN_FREE_MB.',
  },
  LOOPER_RUN_NOT_FOUND: {
    status: 404,
    when: 'No recorded run has this id.',
    remedy: 'GET /runs lists the recorded runs.',
  },
  LOOPER_DIFF_NOT_FOUND: {
    status: 404,
    when: 'It is not known what the run changed: there was no git work tree or no git, git could not tell in time, or the diff was removed.',
    remedy: 'Nothing to do; the server log tells what git could not do, as run.changes.fail.',
  },
  LOOPER_LOG_NOT_FOUND: {
    status: 404,
    when: 'The run never had a log, or its log was removed or replaced by a link.',
    remedy: 'GET /runs/<run_id> shows whether the run began; old logs may have been deleted.',
  },
  LOOPER_RANGE_UNSATISFIABLE: {
    status: 416,
    when: 'The range is beyond the end of the log.',
    remedy: 'Request a range within the log; Content-Range gives its size.',
  },
  LOOPER_OVERLOADED: {
    status: 503,
    when: 'Too many large webhook deliveries are being read at the same time.',
    remedy: 'Send the request again after the time in Retry-After.',
  },
  LOOPER_SHUTTING_DOWN: {
    status: 503,
    when: 'The service is shutting down or restarting.',
    remedy: 'Send the request again when the service is running again.',
  },
  LOOPER_INTERNAL: {
    status: 500,
    when: 'An unexpected failure.',
    remedy: 'Search the server log for the request id, and report the problem.',
  },
} as const satisfies Readonly<Record<string, Omit<ErrorKind, 'code'>>>
