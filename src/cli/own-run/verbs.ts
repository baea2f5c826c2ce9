import { fieldsIn } from '../../agents/json-value.ts'
import type { LocalContext } from '../context.ts'
import { EXIT, wrongUse } from '../failure.ts'
import { parsed } from '../mcp/message.ts'
import { readText, readWord } from '../text-source.ts'
import { ownTools } from './tools.ts'

/** `looper tell TEXT|-`: tells people something. */
export const tell = async (context: LocalContext): Promise<number> =>
  done(context, 'tell', { message: await wordsOf(context, 'message') })

/** `looper flag NOTE|-`: marks the run as one that needs a look. */
export const flag = async (context: LocalContext): Promise<number> =>
  done(context, 'flag', { note: await wordsOf(context, 'note') })

/** `looper claim NAME`: takes a name for the run. */
export const claim = async (context: LocalContext): Promise<number> =>
  done(context, 'claim', { name: context.words[0] }, ({ name, fence }) => [
    `Claimed ${name}; its number is ${fence}.`,
  ])

/** `looper release NAME`: lets go of it. */
export const release = async (context: LocalContext): Promise<number> =>
  done(context, 'release', { name: context.words[0] })

/** `looper report TITLE FILE|-`: a report, which is kept with the run. */
export async function deliver(context: LocalContext): Promise<number> {
  const { world, words } = context
  const [title, file] = words
  const markdown = await readText('report', { text: undefined, file }, world)
  return done(context, 'report', { title, markdown }, ({ report_id, version }) => [
    `Delivered as report ${report_id}, version ${version}.`,
  ])
}

/** `looper cost`: what the run and all runs of today have used. */
export const cost = async (context: LocalContext): Promise<number> =>
  done(context, 'cost', {}, ({ run, today }) => [`run    ${usedIn(run)}`, `today  ${usedIn(today)}`])

/** Calls a tool, and says what came of it: in the tool's own words, or in those made of its fields. */
async function done(
  context: LocalContext,
  tool: string,
  args: Readonly<Record<string, unknown>>,
  linesOf?: (fields: ReturnType<typeof fieldsIn>) => readonly string[],
): Promise<number> {
  const { screen, options } = context
  const text = await ownTools(context).call(tool, args)
  const fields = linesOf === undefined ? { ok: true, text } : fieldsIn(parsed(text))
  if (options.json) await screen.json(fields)
  else for (const line of linesOf?.(fields) ?? [text]) screen.say(line)
  return EXIT.ok
}

/** The words of the command line, or of stdin. @throws {Failure} where there are none */
async function wordsOf({ world, words }: LocalContext, name: 'message' | 'note'): Promise<string> {
  const text = (await readWord(name, words[0], world))?.trim()
  if (!text) throw wrongUse(`the ${name} is empty`)
  return text
}

function usedIn(part: unknown): string {
  const { tokens_used, max_tokens, cost_usd, max_cost_usd } = fieldsIn(part)
  return `${amount(tokens_used, max_tokens)} tokens, ${amount(cost_usd, max_cost_usd)} US dollars`
}

const amount = (used: unknown, most: unknown) =>
  most === null ? `${used ?? '?'}` : `${used ?? '?'} of ${most}`
