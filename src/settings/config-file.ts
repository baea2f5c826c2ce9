import { lstatSync, statSync } from 'node:fs'
import { messageOf } from '../base/errors.ts'
import { readOwnerFile } from '../base/owner-file.ts'
import { Type } from '../base/schema.ts'
import { type ConfigFile, NO_CONFIG_FILE } from './config-keys.ts'
import { filePath, setting } from './form.ts'
import { type Jsonc, readJsonc } from './jsonc.ts'
import { type Part, part, type Reading } from './part.ts'
import { pointerOf, wordsOf } from './pointer.ts'
import { held, meaning } from './wrong-values.ts'

const BY_DEFAULT = '~/.looper/config.json'
const MOST_BYTES = 1_048_576
/** A file of another kind has as many faults as lines. */
const MOST_TOLD = 20
const WRITABLE_BY_ALL = 0o002

/** What editors look at. */
const SCHEMA = '$schema'
const SchemaPlace = Type.String({ description: 'Where editors find what may stand here.' })

const forms = {
  LOOPER_CONFIG: setting(
    filePath(),
    `\`${BY_DEFAULT}\`, where it is there`,
    'the [config file](agents.md#your-own-agents), which holds agents of your own, and [loops](loops.md#in-the-config-file)',
    '~/looper.json',
  ),
}

/** The config file, for all parts that have keys in it; none where none is named and there is none at its usual place. */
export const configFileSettings: Part<ConfigFile> = {
  ...part('Config file', forms, ({ LOOPER_CONFIG: given }, reading) => fileOf(given, reading)),
  keys: { [SCHEMA]: SchemaPlace },
}

function fileOf(given: string | undefined, reading: Reading): ConfigFile {
  const path = reading.resolve(given ?? BY_DEFAULT)
  if (given === undefined && !isThere(path)) return NO_CONFIG_FILE
  const name = given ?? BY_DEFAULT
  try {
    const text = readOwnerFile(path, MOST_BYTES)
    if ((statSync(path).mode & WRITABLE_BY_ALL) !== 0)
      reading.warnings.push(
        `${name} can be changed by every user of this machine, who can run programs as you by that; chmod o-w ${name}`,
      )
    const file = open(path, name, text, reading)
    file.read(SCHEMA, SchemaPlace)
    return file
  } catch (error) {
    reading.problems.push(`${given === undefined ? name : 'LOOPER_CONFIG'}: ${messageOf(error)}`)
    return NO_CONFIG_FILE
  }
}

/** What cannot be looked at, as in a home of somebody else, is not there. */
function isThere(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

function open(path: string, name: string, text: string, { problems }: Reading): ConfigFile {
  const found = read(text, name, problems)
  if (found === null) return { ...NO_CONFIG_FILE, path }
  const values = new Map(Object.entries(Object(found.value)))
  const say = (pointer: string, why: string) =>
    `${name}:${found.placeOf(pointer)}: ${wordsOf(pointer)}: ${why}`
  return {
    path,
    read(key, schema) {
      if (!values.has(key)) return null
      const told: string[] = []
      const value = held(schema, values.get(key), ({ pointer, why }) =>
        told.push(say(pointerOf([key]) + pointer, why)),
      )
      problems.push(...told.slice(0, MOST_TOLD))
      if (told.length > MOST_TOLD) problems.push(`${name}: and ${told.length - MOST_TOLD} more`)
      return value
    },
    refuse: (keys, why) => problems.push(say(pointerOf(keys), why)),
    tellOfUnknown: (known) =>
      [...values.keys()]
        .filter((key) => !known.includes(key))
        .map((key) => say(pointerOf([key]), `not a setting; ${meaning(key, known)}`)),
  }
}

function read(text: string, name: string, problems: string[]): Jsonc | null {
  try {
    const found = readJsonc(text)
    if (found.value === undefined || isObject(found.value)) return found
    problems.push(`${name}:${found.placeOf('')}: must be an object: { "agents": … }`)
  } catch (error) {
    problems.push(`${name}:${messageOf(error)}`)
  }
  return null
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
