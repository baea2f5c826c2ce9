import { part } from '../../settings/part.ts'
import type { Trigger, TriggerPlugin } from '../trigger.ts'
import { chatListener } from './listener.ts'

/** Runs that people ask for where notices go. */
export const chat: TriggerPlugin = {
  // It is there where people are listened to.
  settings: part(
    'Notices',
    {},
    (): Trigger => ({
      file: null,
      secrets: () => ({ values: [], variables: [] }),
      findings: () => [],
      open({ notices: { dialogue }, ...parts }) {
        // An answer to an agent may be said to Looper, too.
        dialogue?.hearing.subscribeLast(chatListener(dialogue.speech, parts))
        return {}
      },
    }),
  ),
  errors: [],
}
