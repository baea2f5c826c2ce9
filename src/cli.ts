import { systemClock } from './base/clock.ts'
import { errnoOf, messageOf } from './base/errors.ts'
import { homeDirectory } from './base/home.ts'
import { looper } from './cli/looper.ts'
import { readDotEnv } from './settings/dot-env.ts'
import { ownPlaces } from './settings/own-places.ts'

const home = homeDirectory()
const places = ownPlaces(import.meta.filename, home)
const complain = (line: string) => process.stderr.write(`looper: ${line}\n`)

process.stdout.on('error', (error) => {
  // A reader that has seen enough, such as head, is no failure.
  if (errnoOf(error) === 'EPIPE') process.exit()
  complain(`cannot write: ${messageOf(error)}`)
  process.exit(1)
})

const interruption = new AbortController()
// The second one ends it at once, as it would any program.
process.once('SIGINT', () => interruption.abort())

process.exitCode = await looper(process.argv.slice(2), {
  env: process.env,
  dotEnv: readDotEnv(places.projectDir, complain),
  cwd: process.cwd(),
  home,
  ...places,
  platform: process.platform,
  nodeVersion: process.versions.node,
  execPath: process.execPath,
  replaceProcess: process.execve,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted: interruption.signal,
  clock: systemClock,
})
