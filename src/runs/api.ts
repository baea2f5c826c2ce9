import type { ErrorCode } from '../errors.ts'
import { Type } from '../schema.ts'

/** Which run. */
export const RUN_ID = Type.String({ description: 'As POST /run and GET /runs tell it.' })

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
      prefer: Type.String({ description: 'With respond-async the answer is 202, at once.' }),
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
      'LOOPER_RUN_CANCELLED',
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

/** `POST /runs/:run_id/stop` in words. */
export const STOP_RUN = {
  schema: {
    tags: ['runs'],
    summary: 'Stop a run',
    description:
      'Answers when its end is verified. A run that is not launched yet is called off. Takes no body, or an empty object.',
  },
  config: {
    errors: [
      'LOOPER_RUN_NOT_FOUND',
      'LOOPER_RUN_ENDED',
      'LOOPER_BODY_INVALID',
      'LOOPER_BODY_TOO_LARGE',
      'LOOPER_MEDIA_TYPE',
      'LOOPER_REQUEST_TIMEOUT',
    ],
  },
} as const
