import { filePath, list, setting, text } from '../../settings/form.ts'
import { part } from '../../settings/part.ts'
import { type OwnerChoice, ownerChoice } from '../owner-choice.ts'

const forms = {
  LOOPER_CLAUDE_BINARY: setting(
    filePath('a path, or the name of a program on PATH'),
    '`claude` on `PATH`',
    'the claude program: a path, or a name on `PATH`',
    'claude',
  ),
  LOOPER_CLAUDE_MODEL: setting(
    text('the name of a model'),
    "claude's own choice",
    'the model of claude where a request names none',
    'opus',
  ),
  LOOPER_CLAUDE_ARGS: setting(
    list(',', 'arguments, separated by commas'),
    'none',
    'further arguments of claude, separated by commas',
    '--verbose',
  ),
}

/** The settings of claude. */
export const claudeSettings = part(
  'Agents',
  forms,
  (values): OwnerChoice =>
    ownerChoice(values.LOOPER_CLAUDE_BINARY, values.LOOPER_CLAUDE_MODEL, values.LOOPER_CLAUDE_ARGS),
)
