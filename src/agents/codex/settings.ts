import { part } from '../../settings/part.ts'
import { type OwnerChoice, ownerChoice } from '../owner-choice.ts'
import { argumentsForm, modelForm, programForm } from '../owner-forms.ts'

const forms = {
  CODEX_EXEC_BINARY: programForm('codex', 'a build in `./codex`, else `codex` on `PATH`'),
  LOOPER_CODEX_MODEL: modelForm('codex', 'gpt-5.1-codex'),
  LOOPER_CODEX_ARGS: argumentsForm('`codex exec`', '--search'),
}

/** The settings of codex. */
export const codexSettings = part(
  'Agents',
  forms,
  (values): OwnerChoice =>
    ownerChoice(values.CODEX_EXEC_BINARY, values.LOOPER_CODEX_MODEL, values.LOOPER_CODEX_ARGS),
)
