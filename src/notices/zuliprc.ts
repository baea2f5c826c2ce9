import { readFileSync } from 'node:fs'
import type { ZulipSettings } from '../config.ts'
import { errnoOf } from '../errors.ts'
import type { ZulipAccount } from './zulip-client.ts'

/** Where the credentials came from, and which are missing. */
export type Credentials =
  | { readonly kind: 'ready'; readonly account: ZulipAccount; readonly source: string }
  | { readonly kind: 'incomplete'; readonly missing: readonly string[]; readonly source: string }
  | { readonly kind: 'none'; readonly missing: readonly string[] }

interface Section {
  readonly name: string
  readonly values: ReadonlyMap<string, string>
}

/**
 * The credentials: each from its variable, else from the profile's section of the zuliprc file, which is read anew at
 * every call. `none` where neither names any.
 * @throws {Error} where the file exists but cannot be read
 */
export function findCredentials(settings: ZulipSettings): Credentials {
  const section = pickSection(readSections(settings.rcPath), settings.profile)
  const site = settings.site ?? section?.values.get('site') ?? null
  const email = settings.email ?? section?.values.get('email') ?? null
  const key = settings.key ?? section?.values.get('key') ?? null
  const usesFile = section && (settings.site === null || settings.email === null || settings.key === null)
  const source = usesFile ? `zuliprc:${settings.rcPath} [${section.name}]` : 'env-only'

  if (site && email && key) return { kind: 'ready', account: { site, email, key }, source }
  const missing = [
    ...(site ? [] : ['ZULIP_SITE']),
    ...(email ? [] : ['ZULIP_BOT_EMAIL']),
    ...(key ? [] : ['ZULIP_BOT_API_KEY']),
  ]
  if (!site && !email && !key && !settings.rcRequired) return { kind: 'none', missing }
  return { kind: 'incomplete', missing, source }
}

function pickSection(sections: readonly Section[], profile: string): Section | undefined {
  const isComplete = ({ values }: Section) => ['site', 'email', 'key'].every((name) => values.get(name))
  return sections.find(({ name }) => name === profile) ?? sections.find(isComplete)
}

/** Values are taken whole: keys and addresses may hold `;` and `#`. */
function readSections(file: string): readonly Section[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw new Error(`cannot read the zuliprc file ${file}: ${errnoOf(error)}`, { cause: error })
  }
  const sections: { name: string; values: Map<string, string> }[] = []
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim()
    const header = /^\[(.+)\]$/.exec(line)?.[1]
    if (header !== undefined) sections.push({ name: header.trim(), values: new Map() })
    const [, name, value] = /^([^#;[=:\s]+)\s*[=:]\s*(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) sections.at(-1)?.values.set(name.toLowerCase(), value)
  }
  return sections
}
