import type { ErrorCode } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import { BODY_ERRORS } from '../http/body-errors.ts'

/** Which run. */
export const RUN_ID = Type.String({ description: 'As POST /run and GET /runs tell it.' })

/** What a request for a run may come to grief on, whoever asks. */
export const START_ERRORS = [
  'LOOPER_AGENT_UNKNOWN',
  'LOOPER_AGENT_REFUSED',
  'LOOPER_BUDGET_UNKNOWN',
  'LOOPER_WORKSPACE_MISSING',
  'LOOPER_PROMPT_MISSING',
  'LOOPER_PROMPT_TOO_LARGE',
  'LOOPER_PROMPT_FILE_UNREADABLE',
  'LOOPER_WORKSPACE_INVALID',
  'LOOPER_WORKSPACE_CLOSED',
  'LOOPER_WORKSPACE_REFUSED',
  'LOOPER_ISOLATE_REFUSED',
  'LOOPER_WORKSPACE_FORBIDDEN',
  'LOOPER_BINARY_MISSING',
  'LOOPER_EXECUTABLE_FORBIDDEN',
  'LOOPER_BUSY',
  'LOOPER_WORKSPACE_BUSY',
  'LOOPER_MAX_RUNS',
  'LOOPER_AGENT_HELD',
  'LOOPER_BUDGET_SPENT',
  'LOOPER_DISK_FULL',
  'LOOPER_LEDGER_UNWRITABLE',
  'LOOPER_SHUTTING_DOWN',
] as const satisfies readonly ErrorCode[]

/** `POST /run` in words. */
export const POST_RUN = {
  schema: {
    tags: ['runs'],
    summary: 'Start a run',
    description:
      'Sends the notice, stops every running agent, waits, launches a new one, and answers after the startup check. A request ' +
      'that cannot work is refused before anything is announced or stopped. Null counts as absent; unknown fields are ' +
      'ignored.',
  },
  config: {
    headers: {
      'idempotency-key': Type.String({
        description: 'The same key and body within 24 h get the first answer again.',
        pattern: '^[ -~]{1,255}$',
      }),
      prefer: Type.String({ description: 'With respond-async the answer is 202, at once.' }),
    },
    errors: [
      ...START_ERRORS,
      'LOOPER_RUN_NOT_FOUND',
      'LOOPER_RESUME_REFUSED',
      'LOOPER_MESSAGE_MISSING',
      'LOOPER_FIELD_INVALID',
      'LOOPER_KEY_IN_USE',
      'LOOPER_KEY_INTERRUPTED',
      'LOOPER_KEY_REUSED',
      'LOOPER_NOTICE_FAILED',
      'LOOPER_STOP_FAILED',
      'LOOPER_LAUNCH_FAILED',
      'LOOPER_WORKTREE_FAILED',
      'LOOPER_LOG_UNWRITABLE',
      'LOOPER_AGENT_EXITED_EARLY',
      'LOOPER_RUN_CANCELLED',
    ],
  },
} as const

/** `GET /runs` in words. */
export const LIST_RUNS = {
  schema: {
    tags: ['runs'],
    summary: 'The recorded runs',
    description: 'Newest first. The outcome of a running run is null.',
  },
  config: { errors: ['LOOPER_FIELD_INVALID'] },
} as const

/** `GET /runs/current` in words. */
export const CURRENT_RUN = {
  schema: {
    tags: ['runs'],
    summary: 'The running run',
    description: 'All that is known of it.',
  },
  config: { errors: ['LOOPER_RUN_NOT_FOUND'] },
} as const

/** `GET /runs/:run_id` in words. */
export const GET_RUN = {
  schema: {
    tags: ['runs'],
    summary: 'All that is known of a run',
    description: 'While it lives, and after its end, for as long as it is kept.',
  },
  config: { errors: ['LOOPER_RUN_NOT_FOUND'] },
} as const

/** `POST /runs/:run_id/stop` in words. */
export const STOP_RUN = {
  schema: {
    tags: ['runs'],
    summary: 'Stop a run',
    description:
      'Answers when its end is verified. A run that is not launched yet is cancelled, and one that is parked does not go on. Takes no body, or an empty object.',
  },
  config: {
    errors: ['LOOPER_RUN_NOT_FOUND', 'LOOPER_RUN_ENDED', 'LOOPER_STOP_FAILED', ...BODY_ERRORS],
  },
} as const

/** `GET /runs/:run_id/log` in words. */
export const GET_LOG = {
  schema: {
    tags: ['runs'],
    summary: 'The log of a run',
    description:
      'As a file, byte for byte, with its header and trailer; or, with follow, as events: output, whose id is the ' +
      'offset behind it and whose data is {"text": …}, or {"base64": …} where the bytes are no UTF-8; and end, with ' +
      'run_id, outcome, return_code and cause, after the last byte.',
  },
  config: {
    headers: {
      range: Type.String({ description: 'bytes=…; one range.' }),
      'last-event-id': Type.String({
        description: 'With follow: the byte to go on with; it wins over the query.',
      }),
    },
    answers: {
      200: {
        description: 'The log, its last lines, or its events.',
        content: { 'text/plain': Type.String(), 'text/event-stream': Type.String() },
      },
      204: { description: 'The Last-Event-ID was that of the end: there is nothing more.' },
      206: { description: 'The range; Content-Range names it.', content: { 'text/plain': Type.String() } },
    },
    errors: [
      'LOOPER_FIELD_INVALID',
      'LOOPER_RUN_NOT_FOUND',
      'LOOPER_LOG_NOT_FOUND',
      'LOOPER_RANGE_UNSATISFIABLE',
    ],
  },
} as const

/** `GET /runs/:run_id/verify-log` in words. */
export const GET_VERIFY_LOG = {
  schema: {
    tags: ['runs'],
    summary: 'What the check of a run wrote',
    description:
      'A log of the same form as that of the run, with a header and a trailer of its own; in part while the check runs. ' +
      'There is none where nothing was checked.',
  },
  config: {
    headers: { range: Type.String({ description: 'bytes=…; one range.' }) },
    answers: {
      200: { description: 'The log, or its last lines.', content: { 'text/plain': Type.String() } },
      206: { description: 'The range; Content-Range names it.', content: { 'text/plain': Type.String() } },
    },
    errors: [
      'LOOPER_FIELD_INVALID',
      'LOOPER_RUN_NOT_FOUND',
      'LOOPER_LOG_NOT_FOUND',
      'LOOPER_RANGE_UNSATISFIABLE',
    ],
  },
} as const

const LOG_ERRORS = ['LOOPER_FIELD_INVALID', 'LOOPER_RUN_NOT_FOUND', 'LOOPER_LOG_NOT_FOUND'] as const

/** `GET /runs/:run_id/log/search` in words. */
export const SEARCH_LOG = {
  schema: {
    tags: ['runs'],
    summary: 'Search the log of a run',
    description:
      'Finds a literal text in the whole log, line by line; colour codes within it are ignored. Matches come with the words ' +
      'around them. After two seconds the answer contains what was found so far, is_complete is false, and end is where to continue.',
  },
  config: { errors: LOG_ERRORS },
} as const

/** `GET /runs/:run_id/log/lines` in words. */
export const GET_LOG_LINES = {
  schema: {
    tags: ['runs'],
    summary: 'Lines of a log by their numbers',
    description:
      'As many as go into a mebibyte; a longer line than 16 KiB is cut. The offset is where the first one begins, for a ' +
      'Range of the log itself. Where not all lines could be counted within two seconds it is not complete, and the next ' +
      'request goes on.',
  },
  config: { errors: LOG_ERRORS },
} as const

/** `GET /runs/:run_id/log/times` in words. */
export const GET_LOG_TIMES = {
  schema: {
    tags: ['runs'],
    summary: 'When lines of a log were written',
    description:
      'To half a second, for as long as the service was there to see it. It is noted with LOOPER_LOG_TIMES only. With ' +
      'since it begins with the line that was being written then.',
  },
  config: { errors: LOG_ERRORS },
} as const

/** `GET /runs/:run_id/transcript` in words. */
export const GET_TRANSCRIPT = {
  schema: {
    tags: ['runs'],
    summary: 'What the agent of a run said and did',
    description:
      'Read from the log: texts, tool calls with input and output, usage and errors, in one shape for all agents. With ' +
      'follow as events: entry, whose id is the number of the entry, which comes again when a tool call has ended; and end, ' +
      'as for the log.',
  },
  config: {
    headers: {
      'last-event-id': Type.String({
        description: 'With follow: the entry to go on behind; it wins over the query.',
      }),
    },
    errors: [...LOG_ERRORS, 'LOOPER_AGENT_UNKNOWN'],
  },
} as const

/** `GET /events` in words. */
export const GET_EVENTS = {
  schema: {
    tags: ['runs'],
    summary: 'Every step of every run, and what agents ask, as it happens',
    description:
      'Events step, whose data is {"step": …, "run": …}: requested, announced, stopped, launched, ended, and the run as ' +
      'it then stands. Events ask: what agents ask people, as GET /asks tells it, when it is asked and when it is settled. ' +
      'Clients that read too slowly are disconnected.',
  },
  config: {
    answers: {
      200: { description: 'Server-Sent Events.', content: { 'text/event-stream': Type.String() } },
    },
  },
} as const
