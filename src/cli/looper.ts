import { readFileSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../base/errors.ts'
import { agents } from './agents.ts'
import { readCommandLine } from './args.ts'
import { answer, asks } from './asks.ts'
import { autopoll } from './autopoll.ts'
import { claims } from './claims.ts'
import { type Client, connect } from './client.ts'
import { completionScript } from './completion.ts'
import type { Context, LocalContext } from './context.ts'
import { diff } from './diff.ts'
import { disk } from './disk.ts'
import { EXIT, Failure, wrongUse } from './failure.ts'
import { flags } from './flags.ts'
import { helpText } from './help.ts'
import { holds } from './holds.ts'
import { logs } from './logs.ts'
import { OFFERS, offersOf } from './offers.ts'
import { open } from './open.ts'
import { queue } from './queue.ts'
import { report, reports } from './reports.ts'
import { rerun } from './rerun.ts'
import { run } from './run.ts'
import { runs } from './runs.ts'
import { scheduled } from './scheduled.ts'
import { openScreen, type Screen } from './screen.ts'
import { findService } from './service-address.ts'
import { show } from './show.ts'
import { slots } from './slots.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'
import type { World } from './world.ts'

const COMPLETION_MS = 2000

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
    return await tell(error, screen, asJson)
  }
}

async function dispatch(context: LocalContext): Promise<number> {
  const { command, words, options, screen, world } = context
  if (options.version) {
    screen.say(versionIn(world.packageDir))
    return EXIT.ok
  }
  switch (command) {
    case null:
      for (const line of linesOf(helpText(undefined))) options.help ? screen.say(line) : screen.tell(line)
      return options.help ? EXIT.ok : EXIT.usage
    case 'help':
      for (const line of linesOf(helpText(words[0]))) screen.say(line)
      return EXIT.ok
    case 'completion':
      for (const line of await completion(context)) screen.say(line)
      return EXIT.ok
    case 'token': {
      const { token } = await import('./token.ts')
      return token(context)
    }
    case 'serve': {
      const { serve } = await import('./serve.ts')
      return serve(context)
    }
    case 'mcp': {
      if (words.length > 0) {
        const { install } = await import('./mcp/install.ts')
        return install(context)
      }
      if (options.yes) throw wrongUse('--yes only works with "looper mcp install"')
      const { bridge } = await import('./mcp/bridge.ts')
      return bridge(context)
    }
    case 'ask': {
      const { ask } = await import('./own-run/ask.ts')
      return ask(context)
    }
    case 'tell':
    case 'flag':
    case 'claim':
    case 'release':
    case 'cost': {
      const verbs = await import('./own-run/verbs.ts')
      return verbs[command](context)
    }
    case 'doctor': {
      // It needs the service's own parts, and a newer Node than the rest.
      const { doctor } = await import('./doctor.ts')
      return doctor(context)
    }
    case 'run':
      return run(asking(context))
    case 'rerun':
      return rerun(asking(context))
    case 'status':
      return status(asking(context))
    case 'runs':
      return runs(asking(context))
    case 'show':
      return show(asking(context))
    case 'logs':
      return logs(asking(context))
    case 'diff':
      return diff(asking(context))
    case 'stop':
      return stop(asking(context))
    case 'open':
      return open(asking(context))
    case 'slots':
      return slots(asking(context))
    case 'queue':
      return queue(asking(context))
    case 'loop': {
      const { loop } = await import('./loop/loop.ts')
      return loop(asking(context))
    }
    case 'holds':
      return holds(asking(context))
    case 'claims':
      return claims(asking(context))
    case 'reports':
      return reports(asking(context))
    case 'report':
      if (words.length === 2) return (await import('./own-run/verbs.ts')).deliver(context)
      return report(asking(context))
    case 'flags':
      return flags(asking(context))
    case 'scheduled':
      return scheduled(asking(context))
    case 'asks':
      return asks(asking(context))
    case 'answer':
      return answer(asking(context))
    case 'disk':
      return disk(asking(context))
    case 'agents':
      return agents(asking(context))
    case 'autopoll':
      return autopoll(asking(context))
  }
}

const linesOf = (text: string) => text.split('\n')

function asking(context: LocalContext): Context {
  return { ...context, client: clientOf(context, context.world.interrupted) }
}

function clientOf({ world, options }: LocalContext, signal: AbortSignal): Client {
  const service = findService(options.url, world.env, world.dotEnv)
  return connect(service, { ...world.dotEnv, ...world.env }, signal)
}

/** A script, or what its shell asks for when a key is pressed: that must not wait for long. */
async function completion(context: LocalContext): Promise<string[]> {
  const [what] = context.words
  const offer = OFFERS.find((one) => one === what)
  if (offer === undefined) return linesOf(completionScript(what))
  const signal = AbortSignal.any([context.world.interrupted, AbortSignal.timeout(COMPLETION_MS)])
  return offersOf(clientOf(context, signal), offer)
}

async function tell(error: unknown, screen: Screen, asJson: boolean): Promise<number> {
  const failure = error instanceof Failure ? error : new Failure(EXIT.failed, messageOf(error))
  if (asJson) await screen.json(failure.answer)
  // It may hold the last lines of an agent.
  for (const line of `looper: ${failure.message}`.split(/\r?\n/)) screen.tell(line)
  if (failure.remedy !== null) screen.tell(failure.remedy)
  return failure.exit
}

function versionIn(packageDir: string): string {
  return JSON.parse(readFileSync(path.join(packageDir, 'package.json'), 'utf8')).version
}
