import { meantBy } from '../base/misspelt.ts'
import { type Forms, unquote } from './form.ts'

/** Looper's own secrets by their names, present and to come; those of hooks may be called so, too. */
export const SECRET_NAMES = /^LOOPER_.*(TOKEN|SECRET|KEY|PASSWORD)/

/** Variables that look like settings and are of the command line and of runs. */
const NO_SETTINGS: ReadonlySet<string> = new Set(['LOOPER_URL', 'LOOPER_RUN_ID'])

/** A sentence for each name in an environment that looks like a setting and is none: misspelt, perhaps. */
export function tellOfUnknown(env: NodeJS.ProcessEnv, known: Forms): string[] {
  const isKnown = (name: string) => name in known || NO_SETTINGS.has(name) || SECRET_NAMES.test(name)
  const unknown = Object.keys(env).filter((name) => /^(LOOPER|CODEX_EXEC)_/i.test(name) && !isKnown(name))
  return unknown.map((name) => {
    const meant = meantBy(name, Object.keys(known))
    return `${name} is not a setting; ${meant === null ? 'is it misspelt?' : `did you mean ${meant}?`}`
  })
}

/** A sentence for each setting that is in quotes, although quotes are part of its value: not meant so, perhaps. */
export function tellOfQuoted(env: NodeJS.ProcessEnv, known: Forms): string[] {
  const isQuoted = (text: string) => unquote(text) !== text
  return Object.entries(known)
    .filter(([name, { isVerbatim }]) => isVerbatim && isQuoted(env[name]?.trim() ?? ''))
    .map(
      ([name]) =>
        `${name} is in quotes, which count as a part of it (docker --env-file keeps them); ` +
        'leave them out, unless you mean them',
    )
}

/** A sentence for each path that holds the name of a variable, as a shell would take it: it stays as it is. */
export function tellOfUnexpanded(env: NodeJS.ProcessEnv, known: Forms): string[] {
  return Object.entries(known)
    .filter(([name, { isPath }]) => isPath && /\$\{?[A-Za-z_]/.test(env[name] ?? ''))
    .map(
      ([name]) =>
        `${name} holds a $, and variables are not looked up in settings; write the path out, or begin it with ~`,
    )
}
