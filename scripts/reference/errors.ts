import { ERRORS, type ErrorKind } from '../../src/base/error-kinds.ts'
import { kindOf } from '../../src/base/errors.ts'
import { FEATURES, TRIGGERS } from '../../src/plugins.ts'

/** Every failure that a caller or an operator can act on, of the service and of its plug-ins. */
export function allErrors(): readonly ErrorKind[] {
  const own = Object.entries(ERRORS).map(([code, kind]) => ({ code, ...kind }))
  const plugins = [...TRIGGERS, ...FEATURES].flatMap(({ errors = [] }) => errors)
  return [...own, ...plugins.map(kindOf)]
}

/** The table of `docs/errors.md`. */
export function errorsTable(): string {
  const rows = allErrors().map(
    ({ code, status, when, remedy }) => `| \`${code}\` | ${status} | ${when} | ${remedy} |`,
  )
  return ['| Code | Status | When | What to do |', '|---|---|---|---|', ...rows].join('\n')
}
