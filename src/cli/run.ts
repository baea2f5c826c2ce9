import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Context } from './context.ts'
import { wrongUse } from './failure.ts'
import { findRun } from './find-run.ts'
import { checkStaying, launchRun } from './launch.ts'
import { nearest } from './nearest.ts'
import { isFromStdin, readText } from './text-source.ts'
import type { Surroundings } from './world.ts'

/** `looper run "message"`: asks for a fresh run; with `--wait` or `--follow` it stays until the run's end. */
export async function run(context: Context): Promise<number> {
  const { world, client, words, options } = context
  const [message = '', stdin] = words
  if (stdin !== undefined && stdin !== '-') throw wrongUse('the message is one argument: put it in quotes')
  checkStaying(options)
  const source = { text: options.prompt, file: options['prompt-file'], stdin }
  const system = { text: options['system-prompt'], file: options['system-prompt-file'] }
  if (isFromStdin(source) && isFromStdin(system))
    throw wrongUse('stdin cannot be both the prompt and the system prompt', 'Read one of them from a file.')
  const prompt = await readText('prompt', source, world)
  const systemPrompt = await readText('system prompt', system, world)
  const body = {
    zulip_message: message,
    workspace: workspaceOf(options.workspace, world),
    ...given('codex_prompt', prompt),
    ...given('slot', options.slot),
    ...(options['share-workspace'] ? { share_workspace: true } : {}),
    ...given('isolate', options.isolate),
    ...(options['no-tools'] ? { tools: false } : {}),
    ...given('agent', options.agent),
    ...given('model', options.model),
    ...given('system_prompt', systemPrompt),
    ...given('if_running', options['if-running']),
    ...given('max_tokens', options['max-tokens']),
    ...given('max_cost_usd', options['max-cost-usd']),
    ...given('verify', options.verify),
    ...given('verify_timeout_seconds', options['verify-timeout-seconds']),
    ...given('resume', options.resume === undefined ? undefined : await findRun(client, options.resume)),
  }
  return launchRun(context, body, isFromStdin(source) || isFromStdin(system))
}

/** A field of the request, where it was given. */
const given = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: value })

/**
 * The directory that was named, else the repository that the current one belongs to, else the current one. A leading
 * `~` that the shell left is the service's to expand. Undefined in Looper's own directory, a checkout or that of an image:
 * whoever is there for the command does not mean to have an agent rewrite Looper.
 */
export function workspaceOf(
  given: string | undefined,
  { cwd, projectDir }: Surroundings,
): string | undefined {
  if (given !== undefined) return /^~(\/|$)/.test(given) ? given : path.resolve(cwd, given)
  const isRoot = (dir: string) => dir === projectDir || existsSync(path.join(dir, '.git'))
  const dir = nearest(cwd, isRoot) ?? cwd
  return dir === projectDir ? undefined : dir
}
