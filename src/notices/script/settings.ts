import { filePath, setting } from '../../settings/form.ts'
import { part } from '../../settings/part.ts'

const forms = {
  LOOPER_NOTICE_SCRIPT: setting(
    filePath(),
    'none',
    'a script that sends all notices instead, run with Node, the message as its one argument; its output is the receipt',
    '~/notify.js',
  ),
}

/** The settings of notices through a script: its path; null: there is none. */
export const scriptSettings = part('Notices', forms, (values, { resolve }) =>
  values.LOOPER_NOTICE_SCRIPT ? resolve(values.LOOPER_NOTICE_SCRIPT) : null,
)
