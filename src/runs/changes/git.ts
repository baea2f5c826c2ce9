import { type ChildProcess, spawn } from 'node:child_process'
import { messageOf } from '../../base/errors.ts'

/** A call of git. */
export interface GitCall {
  readonly args: readonly string[]
  readonly input?: Buffer
  /** So much of its output is read; what comes then ends it. */
  readonly mostBytes?: number
  /** Where new objects go; without it, to the directory that it is given. */
  readonly objects?: string
  /** Aborted: it is killed with all that it started. */
  readonly signal: AbortSignal
}

/** What came of it. */
export interface GitAnswer {
  /** Its status; null where it was ended. */
  readonly code: number | null
  readonly output: Buffer
  /** Whether there was more. */
  readonly isCut: boolean
}

/** Runs git. @throws {Error} where it cannot be run, or the reason of the signal, as soon as it is gone */
export type Git = (call: GitCall) => Promise<GitAnswer>

const MOST_BYTES = 8 * 1_048_576
const MOST_WORDS = 2000

/**
 * Nothing but what is said here reaches git: no settings, no credentials, no pager, no way out to a network. What a repository
 * says of programs to be run for it, git does not see at all where it is given a directory of Looper's own; see `shadow.ts`.
 */
const ENVIRONMENT = {
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_TERMINAL_PROMPT: '0',
  GIT_LITERAL_PATHSPECS: '1',
}

/** What no repository may decide, wherever its own settings are read all the same. */
const NEVER = ['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.pager=cat'].flatMap((said) => [
  '-c',
  said,
])

/** How one program is run as git. */
export const gitAt =
  (program: string): Git =>
  ({ args, input, mostBytes = MOST_BYTES, objects, signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const child = spawn(program, [...NEVER, ...args], {
        cwd: '/',
        env: { ...ENVIRONMENT, ...(objects !== undefined && { GIT_OBJECT_DIRECTORY: objects }) },
        // A group of its own: it is ended with whatever it started.
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
      })
      const chunks: Buffer[] = []
      let bytes = 0
      let isCut = false
      let words = ''
      const abort = () => {
        end(child)
        // Whoever removes what it writes to must not meet it there.
        if (child.pid === undefined) reject(signal.reason)
        else child.once('exit', () => reject(signal.reason))
      }
      signal.addEventListener('abort', abort, { once: true })
      child.stdout.on('data', (chunk: Buffer) => {
        if (isCut) return
        chunks.push(chunk)
        bytes += chunk.length
        isCut = bytes > mostBytes
        if (isCut) end(child)
      })
      child.stderr.on('data', (chunk: Buffer) => {
        if (words.length < MOST_WORDS) words += chunk
      })
      // It may have ended before it read all of it.
      child.stdin.on('error', () => undefined)
      child.stdin.end(input)
      child.on('error', (error) => {
        signal.removeEventListener('abort', abort)
        reject(new Error(`git cannot be run: ${messageOf(error)}`, { cause: error }))
      })
      child.on('close', (code) => {
        signal.removeEventListener('abort', abort)
        const output = Buffer.concat(chunks).subarray(0, mostBytes)
        if (isCut || code === 0 || (words === '' && code !== null)) resolve({ code, output, isCut })
        else reject(new Error(words.trim().slice(0, MOST_WORDS) || 'git was ended by a signal'))
      })
    })

function end({ pid }: ChildProcess): void {
  try {
    process.kill(-Number(pid), 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
