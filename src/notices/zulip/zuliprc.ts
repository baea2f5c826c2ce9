import path from 'node:path'
import { expandHome, homeDirectory } from '../../base/home.ts'
import type { ZulipAccount } from './client.ts'
import type { ZulipSettings } from './settings.ts'
import { readOwnerText } from './zuliprc-text.ts'

/** Where the credentials came from, and which are missing. */
export type Credentials =
  | { readonly kind: 'ready'; readonly account: ZulipAccount; readonly source: string }
  | { readonly kind: 'incomplete'; readonly missing: readonly string[]; readonly source: string }
  | { readonly kind: 'none'; readonly missing: readonly string[] }

type Incomplete = Extract<Credentials, { kind: 'incomplete' }>

interface Section {
  readonly name: string
  readonly values: ReadonlyMap<string, string>
}

const ENV_ONLY = 'env-only'
const AS_ZULIP_MAKES_IT = 'download it anew from Zulip (Personal settings, Account & privacy), or remove it'

/**
 * The credentials: each from its variable, else from the profile's section of the zuliprc file, which is read anew at
 * every call where one is needed of it. `none` where there is no file, and no variable either.
 * @throws {Error} with a sentence, where the file or what it names is unusable
 */
export function findCredentials(settings: ZulipSettings): Credentials {
  const { site, email, key, rcPath } = settings
  if (site && email && key) return { kind: 'ready', account: { site, email, key }, source: ENV_ONLY }
  const sections = readSections(rcPath)
  const section = sections && pickSection(sections, settings.profile)
  const of = (name: string) => section?.values.get(name) || null
  const all = { site: site ?? of('site'), email: email ?? of('email'), key: key ?? of('key') }
  const source = section ? `zuliprc:${rcPath} [${section.name}]` : ENV_ONLY
  if (all.site && all.email && all.key) {
    const { site, email, key } = all
    const ca = authorityIn(of, rcPath)
    return { kind: 'ready', account: { site, email, key, ...(ca === null ? {} : { ca }) }, source }
  }
  const missing = [
    ...(all.site ? [] : ['ZULIP_SITE']),
    ...(all.email ? [] : ['ZULIP_BOT_EMAIL']),
    ...(all.key ? [] : ['ZULIP_BOT_API_KEY']),
  ]
  if (!section && missing.length === 3 && !settings.rcRequired) return { kind: 'none', missing }
  return { kind: 'incomplete', missing, source }
}

/** What is missing, and where it was looked for, as one line. */
export function describeMissing(found: Incomplete): string {
  return found.missing.map((name) => `Missing ${name}`).join(', ') + placeOf(found)
}

/** The file and section that were looked into, for the end of a line; nothing where there are none. */
export function placeOf({ source }: Incomplete): string {
  return source === ENV_ONLY ? '' : ` (${source})`
}

/** The profile's, else the first complete one, else the first: its gaps can be told. */
function pickSection(sections: readonly Section[], profile: string): Section | undefined {
  const isComplete = ({ values }: Section) => ['site', 'email', 'key'].every((name) => values.get(name))
  return sections.find(({ name }) => name === profile) ?? sections.find(isComplete) ?? sections[0]
}

/** Null where there is no file. Values are taken whole: keys and addresses may hold `;` and `#`. */
function readSections(file: string): readonly Section[] | null {
  const text = readOwnerText(file, 'the zuliprc file')
  if (text === null) return null
  const sections: { name: string; values: Map<string, string> }[] = []
  let hasStray = false
  for (const raw of text.split(/\r\n?|\n/)) {
    const line = raw.trim()
    const header = /^\[(.+)\]$/.exec(line)?.[1]
    if (header !== undefined) sections.push({ name: header.trim(), values: new Map() })
    const [, name, value] = /^([^#;[=:\s]+)\s*[=:]\s*(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    hasStray ||= sections.length === 0
    sections.at(-1)?.values.set(name.toLowerCase(), unquoted(value))
  }
  if (sections.length > 0) return sections
  const what = hasStray
    ? 'has no section: begin it with a line "[api]"'
    : `is no zuliprc: ${AS_ZULIP_MAKES_IT}`
  throw new Error(`the zuliprc file ${file} ${what}`)
}

/** Without the quotes that other files of settings want. */
const unquoted = (value: string) => /^(["'])(.*)\1$/.exec(value)?.[2] ?? value

/**
 * The certificates of `cert_bundle`, which is how Zulip's own clients are told of an authority. `insecure`, which they
 * take too, would hand the key to whoever answers.
 */
function authorityIn(of: (name: string) => string | null, rcPath: string): string | null {
  if (!/^(false|no|off|0)$/i.test(of('insecure') ?? 'false')) {
    throw new Error(
      `the zuliprc file ${rcPath} says "insecure": remove it, and name a certificate with cert_bundle`,
    )
  }
  const named = of('cert_bundle')
  if (named === null) return null
  const file = path.resolve(path.dirname(rcPath), expandHome(named, homeDirectory()))
  const pem = readOwnerText(file, 'the cert_bundle')
  if (pem?.includes('-----BEGIN CERTIFICATE-----')) return pem
  const what = pem === null ? 'is not there' : 'holds no certificate (PEM)'
  throw new Error(`${file} ${what}; fix cert_bundle in the zuliprc file ${rcPath}`)
}
