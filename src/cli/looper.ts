import { readFileSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../errors.ts'
import { readCommandLine } from './args.ts'
import { connect } from './client.ts'
import { completionScript } from './completion.ts'
import type { Context, LocalContext } from './context.ts'
import { EXIT, Failure } from './failure.ts'
import { plain } from './harmless.ts'
import { helpText } from './help.ts'
import { logs } from './logs.ts'
import { run } from './run.ts'
import { runs } from './runs.ts'
import { openScreen, type Screen } from './screen.ts'
import { findService } from './service-address.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'
import type { World } from './world.ts'

/** Runs a command line; resolves with its exit status. Never rejects. */
export async function looper(args: readonly string[], world: World): Promise<number> {
  const screen = openScreen(world)
  let asJson = args.includes('--json')
  try {
    const line = readCommandLine(args)
    asJson = line.options.json === true
    return await dispatch({ ...line, world, screen })
  } catch (error) {
    if (world.interrupted.aborted) return EXIT.interrupted
    return tell(error, screen, asJson)
  }
}

async function dispatch(context: LocalContext): Promise<number> {
  const { command, words, options, screen, world } = context
  if (options.version) {
    screen.say(versionIn(world.projectDir))
    return EXIT.ok
  }
  switch (command) {
    case null:
      if (options.help) screen.say(helpText(undefined))
      else screen.tell(helpText(undefined))
      return options.help ? EXIT.ok : EXIT.usage
    case 'help':
      screen.say(helpText(words[0]))
      return EXIT.ok
    case 'completion':
      screen.say(completionScript(words[0]))
      return EXIT.ok
    case 'doctor': {
      // It needs the service's own parts, and a newer Node than the rest.
      const { doctor } = await import('./doctor.ts')
      return doctor(context)
    }
    case 'run':
      return run(asking(context))
    case 'status':
      return status(asking(context))
    case 'runs':
      return runs(asking(context))
    case 'logs':
      return logs(asking(context))
    case 'stop':
      return stop(asking(context))
  }
}

function asking(context: LocalContext): Context {
  const { world, options } = context
  const service = findService(options.url, world.env, world.dotEnv)
  return { ...context, client: connect(service, { ...world.dotEnv, ...world.env }, world.interrupted) }
}

function tell(error: unknown, screen: Screen, asJson: boolean): number {
  const failure = error instanceof Failure ? error : new Failure(EXIT.failed, messageOf(error))
  if (asJson) screen.json(failure.answer)
  // Its words may be those of an agent.
  screen.tell(`looper: ${plain(failure.message)}`)
  if (failure.remedy !== null) screen.tell(failure.remedy)
  return failure.exit
}

function versionIn(projectDir: string): string {
  return JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8')).version
}
