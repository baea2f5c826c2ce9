import path from 'node:path'
import { beginsInHome, expandHome, homeFault, isFileSystemRoot } from '../base/home.ts'
import type { TSchema } from '../base/schema.ts'
import { type ConfigFile, NO_CONFIG_FILE } from './config-keys.ts'
import { type Form, type Forms, unquote, type ValuesOf } from './form.ts'

/** Where the project lies and whose home `~` is. */
export interface Places {
  readonly projectDir: string
  readonly home: string
}

/** What reading settings needs, and what it finds. */
export interface Reading extends Places {
  readonly env: NodeJS.ProcessEnv
  readonly file: ConfigFile
  /** A path as it was meant: from the project's directory, `~` being the home. */
  resolve(file: string): string
  /** What is wrong; one of them, and nothing is started. */
  readonly problems: string[]
  /** What is worth telling at start and does not stop it. */
  readonly warnings: string[]
}

/** The settings of one owner. */
export interface Part<T, R extends Reading = Reading> {
  /** The heading under which the documents have them. */
  readonly title: string
  readonly forms: Forms
  /** Its keys of the config file, each with what may stand there. */
  readonly keys?: Readonly<Record<string, TSchema>>
  /** Reads them; what is wrong or worth telling goes to the reading. What it returns counts only where nothing is wrong. */
  read(reading: R): T
}

/** Puts forms and what is made of their values together. */
export function part<F extends Forms, T, R extends Reading = Reading>(
  title: string,
  forms: F,
  make: (values: ValuesOf<F>, reading: R) => T,
): Part<T, R> {
  return { title, forms, read: (reading) => make(readForms(forms, reading), reading) }
}

/** Begins a reading, without a config file. */
export function beginReading(env: NodeJS.ProcessEnv, { projectDir, home }: Places): Reading {
  const resolve = (file: string) => path.resolve(projectDir, expandHome(file, home))
  return { env, file: NO_CONFIG_FILE, projectDir, home, resolve, problems: [], warnings: [] }
}

function readForms<F extends Forms>(forms: F, { env, home, problems }: Reading): ValuesOf<F> {
  const values: ValuesOf<F> = {}
  for (const [name, form] of Object.entries(forms)) {
    const given = env[name]?.trim()
    const value = given === undefined || form.isVerbatim ? given : unquote(given)
    if (value === undefined || (value === '' && !form.isNeverEmpty)) continue
    const read = form.read(value)
    if (read === null) {
      const shown = value === '' || !form.isSecret ? JSON.stringify(value) : '(hidden)'
      problems.push(`${name}: ${shown} given, expected ${form.expected}`)
    } else {
      problems.push(...homeless(name, form, read, home))
      Object.assign(values, { [name]: read })
    }
  }
  return values
}

/** Problems of paths that begin with ~ where that is no directory of a user. */
function homeless(name: string, { isPath }: Form<unknown>, value: unknown, home: string): string[] {
  const fault = homeFault(home)
  if (fault === null || !isPath) return []
  const isHomeless = (given: string) => {
    if (!beginsInHome(given)) return false
    const file = path.join(home, given.slice(2))
    return !path.isAbsolute(file) || isFileSystemRoot(file)
  }
  return [value]
    .flat()
    .filter((item) => typeof item === 'string')
    .filter(isHomeless)
    .map((item) => `${name}: "${item}" begins with ~, and HOME ${fault}; give a whole path, or set HOME`)
}
