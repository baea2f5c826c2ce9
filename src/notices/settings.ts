import { oneOf, setting } from '../settings/form.ts'
import { part } from '../settings/part.ts'

/** How a run's end is told: its notice is edited, another one sent, or nothing done. */
export type NotifyEnd = 'edit' | 'message' | 'off'

const forms = {
  LOOPER_NOTIFY_END: setting(
    oneOf('edit|message|off', 'edit, message or off'),
    '`edit`',
    'when a run ends: `edit` its notice, send another `message`, or `off`',
  ),
}

/** The settings of all notices. */
export const noticeSettings = part('Notices', forms, (values): { readonly notifyEnd: NotifyEnd } => {
  const wanted = values.LOOPER_NOTIFY_END?.toLowerCase()
  return { notifyEnd: wanted === 'message' || wanted === 'off' ? wanted : 'edit' }
})
