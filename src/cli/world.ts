import type { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { Places } from '../config.ts'

/** Where a command writes to. */
export interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** What the `looper` command takes from its process. */
export interface World extends Surroundings {
  readonly stdout: Output
  readonly stderr: Output
}

/** The same without a way to write past the screen. */
export interface Surroundings extends Places {
  readonly env: NodeJS.ProcessEnv
  /** The `.env` of Looper's own checkout; the environment goes before it. */
  readonly dotEnv: NodeJS.ProcessEnv
  readonly cwd: string
  readonly platform: NodeJS.Platform
  /** The version of Node, without "v". */
  readonly nodeVersion: string
  readonly stdin: Readable
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal
  readonly clock: Clock
}
