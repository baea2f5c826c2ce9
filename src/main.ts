import { messageOf } from './base/errors.ts'
import { homeDirectory } from './base/home.ts'
import { type Config, loadConfig } from './config.ts'
import { filesOf, isOwnLink } from './logging/log-place.ts'
import { linuxTable } from './processes/linux.ts'
import type { ProcessTable } from './processes/table.ts'
import { LedgerError } from './record/file.ts'
import { type Service, startService } from './service.ts'
import { ConfigError } from './settings/config-error.ts'
import { completeEnv } from './settings/env-files.ts'
import { ownPlaces } from './settings/own-places.ts'

/** sysexits.h: a configuration error. */
const EX_CONFIG = 78

const home = homeDirectory()
const { projectDir } = ownPlaces(import.meta.filename, home)
const hurry = new AbortController()

// Whoever read it may be gone, a terminal that was closed or a pipe: that is no reason to die with runs alive.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
process.on('SIGHUP', () => undefined)
const say = (line: string) => process.stdout.write(`${line}\n`)
const complain = (line: string) => process.stderr.write(`looper: ${line}\n`)

const settings = readSettings()
if (settings) await run(settings)

function readSettings(): { env: NodeJS.ProcessEnv; config: Config } | null {
  try {
    const { env, told } = completeEnv(process.env, process.execArgv)
    return { env, config: loadConfig(env, { projectDir, home }, told) }
  } catch (error) {
    complain(messageOf(error))
    process.exitCode = EX_CONFIG
    return null
  }
}

/** How to read the server log; a device or a pipe is only named. */
function placeToRead(file: string): string {
  return isOwnLink(file, filesOf(file)) ? `tail -F ${file}` : file
}

/* c8 ignore start: each platform goes one of the two ways, and never the other */
async function processTable(): Promise<ProcessTable> {
  if (process.platform === 'linux') return linuxTable()
  return (await import('./processes/portable.ts')).portableTable()
}
/* c8 ignore stop */

async function run({ env, config }: { env: NodeJS.ProcessEnv; config: Config }): Promise<void> {
  const table = await processTable()
  let service: Service
  try {
    // Into a file or a supervisor's log goes nothing that changes with each run: the server log has it.
    const tell = process.stdout.isTTY ? say : null
    service = await startService({ config, env, table, hurry: hurry.signal, tell, projectDir, home })
  } catch (error) {
    complain(messageOf(error))
    // A supervisor should not start it again and again where only its owner can help.
    process.exitCode = error instanceof LedgerError || error instanceof ConfigError ? EX_CONFIG : 1
    return
  }
  say(
    [
      `Looper listens on ${service.url}`,
      `Server log: ${placeToRead(config.log.serverLogPath)}`,
      `Run logs and record: ${config.log.dir}`,
      ...service.warnings.map((warning) => `Note: ${warning}`),
    ].join('\n'),
  )

  let stopping = false
  const leave = (signal: NodeJS.Signals, work: () => Promise<void>, how: string) => {
    if (stopping) {
      say(`${signal} again: not waiting for polite ends any more`)
      hurry.abort()
      return
    }
    stopping = true
    say(`${signal}: stopping`)
    work()
      .then(() => say(how))
      /* c8 ignore next 4: every end that a test can hinder goes on in another way */
      .catch((error: unknown) => {
        complain(`the stop failed: ${messageOf(error)}`)
        process.exitCode = 1
      })
      // A survivor's pipe would keep the process; it is on record by now.
      .finally(() => process.exit())
  }
  const stop = (signal: NodeJS.Signals) => leave(signal, service.close, 'Stopped')
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.on('SIGUSR2', (signal) => leave(signal, service.handOver, 'Handed over: runs live on'))
}
