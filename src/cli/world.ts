import type { Readable } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import type { OwnPlaces } from '../settings/own-places.ts'
import type { Places } from '../settings/part.ts'

/** Where a command writes to. */
export interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Where a command reads from. */
export interface Input extends Readable {
  readonly isTTY?: boolean
}

/** What the `looper` command takes from its process. */
export interface World extends Surroundings {
  readonly stdout: Output
  readonly stderr: Output
}

/** The same without a way to write past the screen. */
export interface Surroundings extends Places, OwnPlaces {
  readonly env: NodeJS.ProcessEnv
  /** The `.env` of the service that belongs to this command; the environment goes before it. */
  readonly dotEnv: NodeJS.ProcessEnv
  readonly cwd: string
  readonly platform: NodeJS.Platform
  /** The version of Node, without "v". */
  readonly nodeVersion: string
  /** Node's own program. */
  readonly execPath: string
  /** Puts a program in the place of this process, as execve(2) does; an older Node, and Windows, cannot. */
  readonly replaceProcess: NodeJS.Process['execve']
  readonly stdin: Input
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal
  readonly clock: Clock
}
