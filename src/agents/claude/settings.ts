import { part } from '../../settings/part.ts'
import { type OwnerChoice, ownerChoice } from '../owner-choice.ts'
import { argumentsForm, modelForm, programForm } from '../owner-forms.ts'

const forms = {
  LOOPER_CLAUDE_BINARY: programForm('claude'),
  LOOPER_CLAUDE_MODEL: modelForm('claude', 'opus'),
  LOOPER_CLAUDE_ARGS: argumentsForm('claude', '--verbose'),
}

/** The settings of claude. */
export const claudeSettings = part(
  'Agents',
  forms,
  (values): OwnerChoice =>
    ownerChoice(values.LOOPER_CLAUDE_BINARY, values.LOOPER_CLAUDE_MODEL, values.LOOPER_CLAUDE_ARGS),
)
