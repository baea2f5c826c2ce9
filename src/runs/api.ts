import { Type } from 'typebox'
import type { ErrorCode } from '../errors.ts'

/** What a request for a run may come to grief on, whoever asks. */
export const START_ERRORS = [
  'LOOPER_WORKSPACE_MISSING',
  'LOOPER_PROMPT_MISSING',
  'LOOPER_PROMPT_TOO_LARGE',
  'LOOPER_PROMPT_FILE_UNREADABLE',
  'LOOPER_WORKSPACE_INVALID',
  'LOOPER_WORKSPACE_FORBIDDEN',
  'LOOPER_BINARY_MISSING',
  'LOOPER_EXECUTABLE_FORBIDDEN',
  'LOOPER_BUSY',
  'LOOPER_DISK_FULL',
  'LOOPER_LEDGER_UNWRITABLE',
  'LOOPER_SHUTTING_DOWN',
] as const satisfies readonly ErrorCode[]

/** `POST /run` in words. */
export const POST_RUN = {
  schema: {
    tags: ['runs'],
    summary: 'Ask for a run',
    description:
      'Sends the notice, stops every live agent, waits, launches one, and answers after the startup check. A request ' +
      'that cannot work is refused before anything is announced or stopped. Null counts as absent; unknown fields are ' +
      'ignored.',
  },
  config: {
    headers: {
      'idempotency-key': Type.String({
        description: 'The same key and body within 24 h get the first answer again.',
        pattern: '^[ -~]{1,255}$',
      }),
    },
    errors: [
      ...START_ERRORS,
      'LOOPER_MESSAGE_MISSING',
      'LOOPER_FIELD_INVALID',
      'LOOPER_KEY_IN_USE',
      'LOOPER_KEY_REUSED',
      'LOOPER_NOTICE_FAILED',
      'LOOPER_LAUNCH_FAILED',
      'LOOPER_LOG_UNWRITABLE',
      'LOOPER_AGENT_EXITED_EARLY',
    ],
  },
} as const

/** `GET /runs` in words. */
export const LIST_RUNS = {
  schema: {
    tags: ['runs'],
    summary: 'The runs on the record',
    description: 'Newest first. The outcome of a run that lives is null.',
  },
  config: {
    query: {
      limit: Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'How many at most.' }),
    },
    errors: ['LOOPER_FIELD_INVALID'],
  },
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
