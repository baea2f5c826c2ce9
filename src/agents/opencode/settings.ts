import { filePath, list, setting, text } from '../../settings/form.ts'
import { part } from '../../settings/part.ts'
import { type OwnerChoice, ownerChoice } from '../owner-choice.ts'

const forms = {
  LOOPER_OPENCODE_BINARY: setting(
    filePath('a path, or the name of a program on PATH'),
    '`opencode` on `PATH`',
    'the opencode program: a path, or a name on `PATH`',
    'opencode',
  ),
  LOOPER_OPENCODE_MODEL: setting(
    text('the name of a model'),
    "opencode's own choice",
    'the model of opencode where a request names none',
    'anthropic/claude-sonnet-4-5',
  ),
  LOOPER_OPENCODE_ARGS: setting(
    list(',', 'arguments, separated by commas'),
    'none',
    'further arguments of opencode, separated by commas',
    '--verbose',
  ),
}

/** The settings of opencode. */
export const opencodeSettings = part(
  'Agents',
  forms,
  (values): OwnerChoice =>
    ownerChoice(values.LOOPER_OPENCODE_BINARY, values.LOOPER_OPENCODE_MODEL, values.LOOPER_OPENCODE_ARGS),
)
