import { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { systemClock } from '../../src/base/clock.ts'
import { looper } from '../../src/cli/looper.ts'
import type { Output, World } from '../../src/cli/world.ts'
import { PROJECT } from './service.ts'

/** What a command line is run with. */
export interface CommandOptions {
  readonly url?: string
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly stdin?: string | Buffer
  /** Whether stdin is a terminal. */
  readonly isInTerminal?: boolean
  /** Columns of the terminal that stdout is; without it, it is a pipe. */
  readonly columns?: number
  /** Whether stderr is a terminal. */
  readonly isErrTerminal?: boolean
  readonly world?: Partial<World>
}

/** What came of it. */
export interface CommandEnd {
  readonly status: number
  readonly out: string
  readonly bytes: Buffer
  readonly err: string
}

/** A command that runs. */
export interface RunningCommand {
  readonly ended: Promise<CommandEnd>
  out(): string
  err(): string
  /** What Ctrl-C does. */
  interrupt(): void
}

/** Runs a command line in this process, with a world of its own. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const stdout = collector(options.columns)
  const stderr = collector(options.isErrTerminal ? 80 : undefined)
  const interruption = new AbortController()
  const world: World = {
    env: { ...(options.url === undefined ? {} : { LOOPER_URL: options.url }), ...options.env },
    dotEnv: {},
    cwd: options.cwd ?? '/',
    home: '/home/nobody',
    projectDir: PROJECT,
    packageDir: PROJECT,
    isCheckout: true,
    execPath: process.execPath,
    replaceProcess: undefined,
    platform: process.platform,
    nodeVersion: process.versions.node,
    stdin: Object.assign(Readable.from([Buffer.from(options.stdin ?? '')]), {
      isTTY: options.isInTerminal === true,
    }),
    stdout: stdout.output,
    stderr: stderr.output,
    interrupted: interruption.signal,
    clock: systemClock,
    ...options.world,
  }
  const ended = looper(args, world).then(async (status) => {
    const bytes = await stdout.end()
    return { status, out: bytes.toString('utf8'), bytes, err: (await stderr.end()).toString('utf8') }
  })
  return {
    ended,
    out: () => stdout.bytes().toString('utf8'),
    err: () => stderr.bytes().toString('utf8'),
    interrupt: () => interruption.abort(),
  }
}

/** Runs a command line to its end. */
export function runCommand(args: readonly string[], options?: CommandOptions): Promise<CommandEnd> {
  return startCommand(args, options).ended
}

function collector(columns: number | undefined) {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk)
      // Later, so that whoever writes much has to wait.
      setImmediate(done)
    },
  })
  const output: Output = Object.assign(stream, columns === undefined ? {} : { isTTY: true, columns })
  const bytes = () => Buffer.concat(chunks)
  const end = async () => {
    stream.end()
    await finished(stream)
    return bytes()
  }
  return { output, bytes, end }
}
