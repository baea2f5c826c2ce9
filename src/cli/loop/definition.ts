import type { OneLoop } from '../../triggers/loop/schemas.ts'
import type { Context } from '../context.ts'
import { EXIT, Failure, wrongUse } from '../failure.ts'
import { UNLIMITED } from '../options.ts'
import { workspaceOf } from '../run.ts'
import { isFromStdin, readText } from '../text-source.ts'

/** What the options say of a loop, in the API's words. */
type Fields = Readonly<Record<string, string | number | null>>

/** `looper loop new NAME`: makes a loop; one that is there stays as it is. */
export async function newLoop(context: Context, name: string, word: string | undefined): Promise<number> {
  const { screen, options, world } = context
  const fields = await fieldsOf(context, word)
  if (!fields.user)
    throw wrongUse(
      'what is each round to do?',
      'Say it with --prompt TEXT or --prompt-file FILE, or with - on stdin.',
    )
  if ((await found(context, name)) !== null)
    throw new Failure(
      EXIT.failed,
      `there is a loop ${name} already`,
      `Change it with "looper loop set ${name}" and options, or use another name.`,
    )
  const workspace = workspaceOf(options.workspace, world) ?? null
  const answer = await define(context, name, { ...fields, workspace })
  if (options.json) await screen.json(answer)
  else {
    screen.say(`Made loop ${answer.loop.name}`)
    screen.say(screen.paint('dim', `Start it with: looper loop start ${name}`))
  }
  return EXIT.ok
}

/** `looper loop set NAME`: changes what the options name, and nothing else. */
export async function changeLoop(context: Context, name: string, word: string | undefined): Promise<number> {
  const { screen, options } = context
  const fields = await fieldsOf(context, word)
  const changed = Object.keys(fields)
  if (changed.length === 0)
    throw wrongUse('what is to be changed?', 'Name it with options; "looper help loop" lists them.')
  const { loop } = await context.client.get<OneLoop>(`/loops/${name}`, ['loop'])
  const answer = await define(context, name, { ...loop.definition, ...fields })
  if (options.json) await screen.json(answer)
  else screen.say(`Changed ${changed.join(', ')} of loop ${answer.loop.name}, from its next round on`)
  return EXIT.ok
}

const define = ({ client }: Context, name: string, body: object) =>
  client.post<OneLoop>(`/loops/${name}`, body, ['loop'])

/** Null: there is none. */
async function found({ client }: Context, name: string): Promise<OneLoop | null> {
  try {
    return await client.get<OneLoop>(`/loops/${name}`, ['loop'])
  } catch (error) {
    if (error instanceof Failure && error.exit === EXIT.notFound) return null
    throw error
  }
}

async function fieldsOf({ options, world }: Context, word: string | undefined): Promise<Fields> {
  if (word !== undefined && word !== '-')
    throw wrongUse('what each round is to do is not a word by itself', 'Say it with --prompt TEXT.')
  const source = { text: options.prompt, file: options['prompt-file'], stdin: word }
  const system = { text: options['system-prompt'], file: options['system-prompt-file'] }
  if (isFromStdin(source) && isFromStdin(system))
    throw wrongUse('stdin cannot be both the prompt and the system prompt', 'Read one of them from a file.')
  const { workspace } = options
  return {
    ...text('user', await readText('prompt', source, world)),
    ...text('system', await readText('system prompt', system, world)),
    ...text('agent', options.agent),
    ...text('model', options.model),
    ...text('workspace', workspace && workspaceOf(workspace, world)),
    ...text('session', options.session),
    ...number('interval_seconds', options['interval-seconds']),
    ...text('verify', options.verify),
    ...text('monitor', options.monitor),
    ...monitorInterval(options['monitor-interval-seconds']),
    ...text('gate', options.gate),
    ...text('gate_failure', options['gate-failure']),
    ...text('checkpoints', options.checkpoints),
    ...text('completion_word', options['completion-word']),
    ...number('max_iterations', options['max-iterations']),
    ...number('max_seconds', options['max-seconds']),
    ...number('max_tokens', options['max-tokens']),
    ...number('max_cost_usd', options['max-cost-usd']),
    ...number('max_unchanged', options['max-unchanged']),
    ...number('max_same_failures', options['max-same-failures']),
  }
}

/** An empty text takes a field away. */
const text = (field: string, value: string | undefined): Fields =>
  value === undefined ? {} : { [field]: value === '' ? null : value }

const number = (field: string, value: string | undefined): Fields =>
  value === undefined ? {} : { [field]: value === UNLIMITED ? value : Number(value) }

/** 0: it has none of its own. */
const monitorInterval = (value: string | undefined): Fields =>
  value === undefined ? {} : { monitor_interval_seconds: Number(value) || null }
