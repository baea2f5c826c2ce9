import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { addAbortSignal } from 'node:stream'
import { messageOf } from '../errors.ts'
import type { RunAnswer } from '../runs/schemas.ts'
import type { Context } from './context.ts'
import { EXIT, Failure, wrongUse } from './failure.ts'
import { findRun } from './find-run.ts'
import { type End, follow } from './follow.ts'
import { shortId } from './human.ts'
import { tellPlan } from './plan.ts'
import { spinning } from './spinner.ts'
import { endLine, following, showToEnd } from './watch.ts'
import type { Surroundings } from './world.ts'

/** `looper run "message"`: asks for a fresh run; with `--wait` or `--follow` it stays until the run's end. */
export async function run(context: Context): Promise<number> {
  const { world, screen, client, words, options } = context
  const [message = '', stdin] = words
  if (stdin !== undefined && stdin !== '-') throw wrongUse('the message is one argument: put it in quotes')
  if (options.plan && (options.wait || options.follow)) throw wrongUse('--plan has nothing to wait for')
  const stays = options.wait === true || options.follow === true
  const prompt = await promptOf(context)
  const body = {
    zulip_message: message,
    workspace: workspaceOf(options.workspace, world),
    ...(prompt === null ? {} : { codex_prompt: prompt }),
    // Whoever stays sees for himself how it begins.
    ...(stays ? { codex_exec_startup_check_seconds: 0 } : {}),
  }
  if (options.plan) return tellPlan(context, body)

  let answer: RunAnswer
  try {
    answer = await spinning(context, 'announcing, stopping, launching', () =>
      client.post<RunAnswer>('/run', body, ['run_id', 'codex_exec_result', 'remaining_codex_exec_pids']),
    )
  } catch (error) {
    if (world.interrupted.aborted) {
      screen.tell('looper: not waiting; what was asked for may happen all the same, "looper status" tells')
    }
    if (!stays || !(error instanceof Failure) || !isEarlyExit(error.answer)) throw error
    return stay(context, error.answer, await findRun(client, error.answer.request_id))
  }
  if (stays && answer.run_id !== null) return stay(context, answer, answer.run_id)
  if (options.json) await screen.json(answer)
  else tellStart(context, answer)
  return EXIT.ok
}

/** A run may end before it is asked for; whoever stays wants to see that, too. */
function isEarlyExit(answer: object): answer is { request_id: string } {
  return 'code' in answer && answer.code === 'LOOPER_AGENT_EXITED_EARLY' && 'request_id' in answer
}

/** The message of what was done, for people. */
function tellStart({ screen }: Context, answer: RunAnswer): void {
  const { run_id, codex_exec_result: launched, killed_codex_exec_pids: stopped } = answer
  const { remaining_codex_exec_pids: remaining } = answer
  screen.say(`Announced  ${answer.zulip_output}`)
  if (stopped.length > 0) screen.say(`Stopped    ${stopped.join(', ')}`)
  if (remaining.length > 0) screen.tell(`looper: still alive: ${remaining.join(', ')}`)
  if (run_id === null || launched === null) {
    screen.say('Launched   nothing, as the prompt is empty')
    return
  }
  screen.say(
    `Launched   ${screen.paint('bold', shortId(run_id))}, pid ${launched.pid}, in ${answer.workspace}`,
  )
  screen.say(`Log        ${launched.log_path}`)
  screen.say(screen.paint('dim', `Follow it with: looper logs -f ${shortId(run_id)}`))
}

/** Waits for the end of the run that was begun; resolves with its return code as an exit status. */
async function stay(context: Context, answer: object, runId: string): Promise<number> {
  const { world, screen, client, options } = context
  if (options.follow && options.json) await screen.json(answer)
  try {
    if (options.follow) return exitOf(await showToEnd(context, runId, ''))
    const end = await spinning(context, `${shortId(runId)} runs`, () =>
      // Only its end matters; the last line is enough to wait behind.
      follow(client, runId, { ...following(context), start: 'tail=1', take: async () => undefined }),
    )
    if (options.json) await screen.json({ ...answer, ...end })
    else screen.say(endLine(end))
    return exitOf(end)
  } catch (error) {
    const id = shortId(runId)
    if (world.interrupted.aborted) {
      screen.tell(`looper: the run goes on; "looper logs -f ${id}" follows it, "looper stop ${id}" stops it`)
    }
    throw error
  }
}

/** A signal as shells tell it; a run whose end nobody saw has failed. */
function exitOf({ return_code }: End): number {
  if (return_code === null) return EXIT.failed
  return return_code < 0 ? 128 - return_code : return_code
}

async function promptOf({ world, options, words }: Context): Promise<string | null> {
  const { prompt, 'prompt-file': file } = options
  const sources = [prompt, file, words[1]].filter((source) => source !== undefined)
  if (sources.length > 1) throw wrongUse('give one prompt: --prompt, --prompt-file or -')
  if (prompt !== undefined) return prompt
  if (file === undefined && words[1] === undefined) return null
  const isStdin = file === undefined || file === '-'
  const bytes = isStdin ? await readAll(world) : readPromptFile(path.resolve(world.cwd, file))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw wrongUse(`the prompt ${isStdin ? 'on stdin' : `in ${file}`} is not UTF-8`)
  }
}

async function readAll({ stdin, interrupted }: Surroundings): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of addAbortSignal(interrupted, stdin)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function readPromptFile(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw wrongUse(`cannot read the prompt: ${messageOf(error)}`)
  }
}

/**
 * The directory that was named, else the repository that the current one belongs to, else the current one. A leading
 * `~` that the shell left is the service's to expand. Undefined in Looper's own checkout: whoever is there for the command
 * does not mean to have an agent rewrite Looper.
 */
function workspaceOf(given: string | undefined, { cwd, projectDir }: Surroundings): string | undefined {
  if (given !== undefined) return /^~(\/|$)/.test(given) ? given : path.resolve(cwd, given)
  let dir = cwd
  while (!existsSync(path.join(dir, '.git'))) {
    if (dir === path.dirname(dir)) return cwd
    dir = path.dirname(dir)
  }
  return dir === projectDir ? undefined : dir
}
