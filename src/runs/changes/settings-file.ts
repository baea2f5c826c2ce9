import path from 'node:path'
import { expandHome } from '../../base/home.ts'
import { bytesOf } from './repository.ts'

const FILE_BYTES = 1_048_576

/** Settings of a repository that say how its files lie on this disk, and that name no program. */
const HARMLESS: Readonly<Record<string, RegExp>> = {
  'core.autocrlf': /^(true|false|input)$/i,
  'core.eol': /^(lf|crlf|native)$/i,
  'core.filemode': /^(true|false)$/i,
  'core.symlinks': /^(true|false)$/i,
  'core.ignorecase': /^(true|false)$/i,
  'core.precomposeunicode': /^(true|false)$/i,
  'core.trustctime': /^(true|false)$/i,
  'core.checkstat': /^(default|minimal)$/i,
  // Who may read what is written.
  'core.sharedrepository': /^(umask|group|true|false|all|world|everybody|0[0-7]{3})$/i,
  'extensions.objectformat': /^(sha1|sha256)$/i,
}

/** What git is told where Looper looks. */
const OWN: readonly (readonly [name: string, value: string])[] = [
  ['core.repositoryformatversion', '1'],
  ['core.bare', 'false'],
  // Larger files count as changed, and nothing is said of their lines.
  ['core.bigfilethreshold', '16m'],
  ['core.quotepath', 'false'],
  ['core.attributesfile', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.hookspath', '/dev/null'],
  ['core.loosecompression', '1'],
  ['core.safecrlf', 'false'],
  ['diff.renamelimit', '400'],
  ['gc.auto', '0'],
]

/**
 * Settings for a directory of Looper's own: what the owner and the repository say of how files lie on this disk, and what is
 * ignored, and nothing else of theirs. Files that they include are not read.
 */
export async function settingsFor(commonDir: string, owner: NodeJS.ProcessEnv): Promise<string> {
  const { HOME = '/nonexistent', XDG_CONFIG_HOME } = owner
  const own = XDG_CONFIG_HOME || path.join(HOME, '.config')
  const files = [
    path.join(own, 'git', 'config'),
    path.join(HOME, '.gitconfig'),
    path.join(commonDir, 'config'),
  ]
  const read = await Promise.all(files.map((file) => bytesOf(file, FILE_BYTES)))
  const said = new Map(read.flatMap((file) => entriesIn(file?.bytes.toString('utf8') ?? '')))
  const kept = [...said].filter(([name, value]) => HARMLESS[name]?.test(value))
  const ignored = expandHome(said.get('core.excludesfile') ?? path.join(own, 'git', 'ignore'), HOME)
  return [...kept, ...OWN, ['core.excludesfile', ignored] as const].map(lineOf).join('')
}

/** What stands in a file of git's settings, but for sections with a name of their own; names in small letters. */
function entriesIn(text: string): [name: string, value: string][] {
  let section = ''
  return text.split('\n').flatMap((line): [string, string][] => {
    const head = /^\s*\[([^\]]*)\]/.exec(line)
    if (head) section = String(head[1]).trim().toLowerCase()
    const rest = head ? line.slice(head[0].length) : line
    const found = /^\s*([a-z][a-z0-9-]*)\s*(?:=\s*(?:"([^"]*)"|([^;#"]*?)))?\s*([;#].*)?$/i.exec(rest)
    // A name without a value means true.
    return found ? [[`${section}.${found[1]}`.toLowerCase(), found[2] ?? found[3] ?? 'true']] : []
  })
}

function lineOf([name, value]: readonly [string, string]): string {
  const [section, key] = name.split('.')
  return `[${section}]\n\t${key} = "${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"\n`
}
