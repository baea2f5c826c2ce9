import { filePath, list, setting, text } from '../../settings/form.ts'
import { part } from '../../settings/part.ts'
import { type OwnerChoice, ownerChoice } from '../owner-choice.ts'

const forms = {
  CODEX_EXEC_BINARY: setting(
    filePath('a path, or the name of a program on PATH'),
    'a build in `./codex`, else `codex` on `PATH`',
    'the codex program: a path, or a name on `PATH`',
    'codex',
  ),
  LOOPER_CODEX_MODEL: setting(
    text('the name of a model'),
    "codex's own choice",
    'the model of codex where a request names none',
    'gpt-5.1-codex',
  ),
  LOOPER_CODEX_ARGS: setting(
    list(',', 'arguments, separated by commas'),
    'none',
    'further arguments of `codex exec`, separated by commas',
    '--search',
  ),
}

/** The settings of codex. */
export const codexSettings = part(
  'Agents',
  forms,
  (values): OwnerChoice =>
    ownerChoice(values.CODEX_EXEC_BINARY, values.LOOPER_CODEX_MODEL, values.LOOPER_CODEX_ARGS),
)
