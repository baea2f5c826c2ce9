import { part } from '../../settings/part.ts'
import { type OwnerChoice, ownerChoice } from '../owner-choice.ts'
import { argumentsForm, modelForm, programForm } from '../owner-forms.ts'

const forms = {
  LOOPER_OPENCODE_BINARY: programForm('opencode'),
  LOOPER_OPENCODE_MODEL: modelForm('opencode', 'anthropic/claude-sonnet-4-5'),
  LOOPER_OPENCODE_ARGS: argumentsForm('opencode', '--verbose'),
}

/** The settings of opencode. */
export const opencodeSettings = part(
  'Agents',
  forms,
  (values): OwnerChoice =>
    ownerChoice(values.LOOPER_OPENCODE_BINARY, values.LOOPER_OPENCODE_MODEL, values.LOOPER_OPENCODE_ARGS),
)
