import { fieldsIn, textIn } from '../../agents/json-value.ts'
import type { LocalContext } from '../context.ts'
import { EXIT, Failure, wrongUse } from '../failure.ts'
import { parsed } from '../mcp/message.ts'
import type { Screen } from '../screen.ts'
import { readWord } from '../text-source.ts'
import { secondsOf } from '../when.ts'
import { ownTools } from './tools.ts'

/** While the service is away: the first wait, the longest one, and how often in a row it is tried. */
const PATIENCE = { waitMs: 500, maxWaitMs: 10_000, tries: 8 }

/** Where a question stands, as the tools tell it. */
interface Standing {
  readonly all: object
  readonly id: string
  readonly state: string
  readonly answer: string | null
  readonly note: string | null
}

/**
 * `looper ask QUESTION`: asks people in the name of the run, waits as long as it takes, and prints the answer, and nothing else.
 * The same question again waits for the same answer, whatever became of the command before.
 */
export async function ask(context: LocalContext): Promise<number> {
  const { world, screen, options } = context
  const input = await inputOf(context)
  const tools = ownTools(context)
  screen.tell('looper: asking people, and waiting for their answer')
  try {
    let known = await patiently(() => tools.call('ask', input))
    if (options.park) {
      screen.tell(`looper: ${known.note}`)
      return EXIT.busy
    }
    while (known.state === 'open') {
      const { id } = known
      known = await patiently(() => tools.call('check_answer', { ask_id: id }))
    }
    return await showEnd(known, screen, options.json === true)
  } catch (error) {
    if (world.interrupted.aborted || isLoss(error))
      screen.tell('looper: the question stays open; the same command again waits for its answer')
    throw error
  }

  /** Tries again while the service is away, as when it begins anew: what was asked is on its record. */
  async function patiently(call: () => Promise<string>): Promise<Standing> {
    for (let failures = 1; ; failures++) {
      const said = await call()
        .then(standingIn)
        .catch((error: unknown) => {
          if (world.interrupted.aborted || !isLoss(error) || failures > PATIENCE.tries) throw error
          return error
        })
      if (!(said instanceof Failure)) return said
      const waitMs = Math.min(PATIENCE.waitMs * 2 ** (failures - 1), PATIENCE.maxWaitMs)
      screen.tell(`looper: ${said.message}; trying again in ${waitMs / 1000} s`)
      await world.clock.sleep(waitMs, world.interrupted)
    }
  }
}

/** The service is away, or does not know yet who lives. */
const isLoss = (error: unknown): error is Failure =>
  error instanceof Failure && (error.exit === EXIT.unreachable || error.exit === EXIT.unauthorized)

async function inputOf({ world, words, options }: LocalContext): Promise<Record<string, unknown>> {
  const { choices, default: otherwise, deadline, park, ref } = options
  const question = (await readWord('question', words[0], world))?.trim()
  if (!question) throw wrongUse('the question is empty', 'Say what you want to know.')
  const list = choices?.split(',').map((choice) => choice.trim())
  if (list && (list.length < 2 || list.includes('')))
    throw wrongUse(`--choices cannot be "${choices}"`, 'Give two or more, separated by commas.')
  if (otherwise !== undefined && deadline === undefined)
    throw wrongUse('--default counts when the deadline has passed', 'Add --deadline, such as --deadline 10m.')
  return {
    question,
    ...(list && { choices: list }),
    ...(otherwise !== undefined && { default: otherwise }),
    ...(deadline !== undefined && { deadline_seconds: secondsOf('deadline', deadline) }),
    ...(ref !== undefined && { reference: ref }),
    ...(park && { park }),
  }
}

function standingIn(text: string): Standing {
  const all = fieldsIn(parsed(text))
  const [id, state] = [textIn(all.ask_id), textIn(all.state)]
  if (id === null || state === null)
    throw new Failure(EXIT.failed, 'the answer of the service is none to a question', 'Update looper.')
  return { all, id, state, answer: textIn(all.answer), note: textIn(all.note) }
}

/** Prints the answer alone, to the byte but for a line end; what else there is to say goes to stderr. */
async function showEnd(
  { all, state, answer, note }: Standing,
  screen: Screen,
  asJson: boolean,
): Promise<number> {
  if (note !== null) screen.tell(`looper: ${note}`)
  if (asJson) await screen.json(all)
  else if (answer !== null) {
    const sink = screen.openLog()
    await sink.write(Buffer.from(`${answer}\n`))
    await sink.end()
  }
  if (state === 'answered') return EXIT.ok
  return state === 'expired' ? EXIT.expired : EXIT.withdrawn
}
