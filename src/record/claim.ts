import { once } from 'node:events'
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import { errnoOf, messageOf } from '../base/errors.ts'
import { isHeld, lockFile, meansNoLocks, type Unlock } from '../base/lock-file.ts'
import { discard, readPlain } from '../base/plain-file.ts'
import { ConfigError } from '../settings/config-error.ts'

/** The sole right to a log directory and to a ledger. */
export interface Claim {
  /** Tells others where the owner listens. */
  publish(url: string): void
  /** Holds the ledger that stands there now, where a broken one made room for it. Never rejects. */
  follow(): Promise<void>
  release(): void
}

/** What is claimed. */
export interface Claimed {
  readonly logDir: string
  /** Made where it is not there yet. */
  readonly dbPath: string
}

/** Another service owns the log directory or the ledger. */
export class ClaimError extends Error {}

/** For the owner of a name to say who it is. */
const ANSWER_LIMIT_MS = 1000
const MOST_ANSWER_BYTES = 1000
const UNKNOWN = 'it does not say who it is'

/**
 * Claims a log directory and a ledger for this process. The kernel gives both back when their owner dies, so a dead owner is no
 * obstacle, and two starters cannot both win. Each is held twice: by a lock on a file beside it, which also holds between
 * containers that share the directory; and, on Linux, by a socket named after its inode (unix(7), abstract), which holds
 * whatever name it is reached by, and when the file of the lock was removed.
 * @throws {ClaimError} naming the owner
 * @throws {ConfigError} where the file system has no locks
 */
export async function claim({ logDir, dbPath }: Claimed, lock = lockFile): Promise<Claim> {
  const held: Unlock[] = []
  const release = () => {
    for (const giveBack of held.splice(0)) giveBack()
  }
  const ownerFile = path.join(logDir, '.owner')
  const me = { says: `pid ${process.pid}, starting` }

  const names = new Set<string>()
  const refusalOf = (what: string, setting: string) => (who: string) =>
    new ClaimError(`another Looper owns ${what}: ${who}; stop it, or set ${setting}`)

  async function takeInode(what: string, refusal: (who: string) => ClaimError): Promise<void> {
    const name = nameOf(what)
    if (process.platform !== 'linux' || names.has(name)) return
    held.push(await takeName(name, me, refusal))
    names.add(name)
  }

  async function take(what: string, setting: string, file: string, owner: () => string) {
    const refusal = refusalOf(what, setting)
    await takeInode(what, refusal)
    try {
      held.push(lock(file))
    } catch (error) {
      if (meansNoLocks(error, path.dirname(file), lock)) {
        throw new ConfigError([
          `${setting}: ${what} lies on a file system without locks, so that two services could use it at once; ` +
            'name a path on another one',
        ])
      }
      throw isHeld(error) ? refusal(owner()) : new Error(cannotLock(file, error), { cause: error })
    }
  }

  try {
    await take(logDir, 'CODEX_EXEC_LOG_DIR', path.join(logDir, '.lock'), () => ownerIn(ownerFile))
    // One that cannot be made is told when it is opened.
    if (isMade(dbPath)) await take(dbPath, 'LOOPER_DB_PATH', `${realpathSync(dbPath)}.lock`, () => UNKNOWN)
  } catch (error) {
    release()
    throw error
  }
  const publish = (at: string) => {
    me.says = `pid ${process.pid}, ${at}`
    // Made anew: what stands there may be a link, or a pipe that nobody reads.
    const fresh = `${ownerFile}.new`
    discard(fresh)
    try {
      writeFileSync(fresh, `${me.says}\n`, { flag: 'wx' })
      renameSync(fresh, ownerFile)
    } catch {
      // A full disk: the lock holds all the same, and nobody must read of an earlier owner.
      discard(fresh)
      discard(ownerFile)
    }
  }
  publish('starting')
  return {
    publish,
    async follow() {
      // One that is gone is nobody's.
      await takeInode(dbPath, refusalOf(dbPath, 'LOOPER_DB_PATH')).catch(() => undefined)
    },
    release,
  }
}

/** What is in the way of a lock, and what to do about it: something else may stand at its path. */
function cannotLock(file: string, error: unknown): string {
  const stats = lstatSync(file, { throwIfNoEntry: false })
  if (stats && !stats.isFile()) return `${file} is not a file, so it cannot be locked; remove it`
  return `cannot lock ${file}: ${messageOf(error)}; see to its permissions, or remove it`
}

/** Makes a file that is not there yet. Prompts may be private: it is its owner's alone. */
function isMade(file: string): boolean {
  try {
    const { O_WRONLY, O_CREAT, O_NONBLOCK } = constants
    closeSync(openSync(file, O_WRONLY | O_CREAT | O_NONBLOCK, 0o600))
    return true
  } catch {
    return false
  }
}

function nameOf(file: string): string {
  const { dev, ino } = statSync(file, { bigint: true })
  return `\0looper-${dev}-${ino}`
}

/** Listens under a name and tells whoever connects who this is. */
async function takeName(
  name: string,
  me: { readonly says: string },
  refusal: (owner: string) => ClaimError,
): Promise<Unlock> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    // Anybody on the machine may connect, and must not keep a descriptor by staying.
    socket.end(me.says, () => socket.destroy())
  })
  server.unref()
  try {
    server.listen(name)
    await once(server, 'listening')
    // One that cannot be taken, with no descriptor left, is no reason to end.
    server.on('error', () => undefined)
    return () => server.close()
  } catch (error) {
    /* c8 ignore next: a system that forbids such sockets cannot be had in a test */
    if (errnoOf(error) !== 'EADDRINUSE') throw error
    throw refusal(await askOwner(name))
  }
}

/** What the owner of a name says of itself. */
async function askOwner(name: string): Promise<string> {
  const socket = connect(name).setTimeout(ANSWER_LIMIT_MS)
  let said = ''
  socket.on('timeout', () => socket.destroy())
  socket.on('data', (chunk) => {
    said += chunk
    if (said.length > MOST_ANSWER_BYTES) socket.destroy()
  })
  // It may end just now.
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('close', resolve))
  return /^pid \d+, \S+$/.test(said) ? said : UNKNOWN
}

function ownerIn(file: string): string {
  try {
    return readPlain(file, MOST_ANSWER_BYTES)?.trim() || UNKNOWN
    /* c8 ignore next 3: root may read everything, and tests run as root, too */
  } catch (error) {
    return messageOf(error)
  }
}
