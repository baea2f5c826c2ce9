import { filePath, setting } from '../../settings/form.ts'
import { part } from '../../settings/part.ts'

const forms = {
  LOOPER_HOOKS_FILE: setting(
    filePath(),
    'none',
    'the file of [webhooks](webhooks.md)',
    '~/looper-hooks.json',
  ),
}

/** The settings of webhooks: their file; null: there are none. */
export const hookSettings = part('Webhooks', forms, (values, { resolve }) =>
  values.LOOPER_HOOKS_FILE ? resolve(values.LOOPER_HOOKS_FILE) : null,
)
