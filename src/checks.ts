import { accessSync, constants, existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { resolveBinary } from './agents/binary.ts'
import { freeMb } from './base/disk.ts'
import { messageOf } from './base/errors.ts'
import { broken, type Finding, ok, warning } from './base/finding.ts'
import type { Config } from './config.ts'
import { createTokenCheck } from './http/tokens.ts'
import { readDefaultPrompt } from './runs/prompt.ts'
import type { Places } from './settings/part.ts'

/**
 * What is wrong with the settings, as far as that shows without running anything or asking anybody: what a start tells, and
 * `looper doctor` in red.
 */
export async function findingsOf(config: Config, env: NodeJS.ProcessEnv, places: Places): Promise<Finding[]> {
  const all = [
    ...checkNames(config),
    ...(await checkFiles(config, env)),
    findProgram(config, env, places),
    checkWorkspace(config),
    config.notice.finding() ?? [],
    ...checkDisk(config),
  ]
  return all.flat().filter(({ state }) => state === 'broken')
}

/** Names that look like settings and are none. */
export function checkNames({ unknown }: Config): Finding[] {
  return unknown.map((text) => broken('settings', text, 'Correct it where it is set, or remove it.'))
}

/** Whether the files that the settings name can be used: the default prompt, tokens, hooks. */
export async function checkFiles(config: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const found: Finding[] = []
  const { tokensFile } = config.http
  const { prompt } = config.launch
  const attempt = async (check: string, text: string, remedy: string, work: () => unknown) => {
    try {
      await work()
      found.push(ok(check, text))
    } catch (error) {
      found.push(broken(check, messageOf(error), remedy))
    }
  }
  if (prompt.kind === 'file') {
    const remedy = 'Fix the file of LOOPER_DEFAULT_PROMPT_FILE.'
    await attempt('prompt', prompt.path, remedy, () => readDefaultPrompt(prompt))
  }
  if (tokensFile !== null) {
    await attempt(
      'tokens',
      tokensFile,
      'Fix the file of LOOPER_TOKENS_FILE, or make it with "looper token add NAME".',
      () =>
        createTokenCheck(
          null,
          tokensFile,
          () => 0,
          () => undefined,
        ),
    )
  }
  return [...found, ...config.triggers.flatMap((trigger) => trigger.findings(env))]
}

/** Whether the agent's program is there; it is not run. */
function findProgram(
  { agents: { standard: agent } }: Config,
  env: NodeJS.ProcessEnv,
  places: Places,
): Finding {
  try {
    return ok(agent.name, resolveBinary(null, { ...places, ...agent.program, searchPath: env.PATH }).path)
  } catch (error) {
    return broken(agent.name, messageOf(error), agent.installRemedy)
  }
}

/** Whether run logs can be written, and have room. The directory need not be there yet. */
export function checkDisk({ log: { dir }, launch: { minFreeMb } }: Config): Finding[] {
  let place = dir
  while (!existsSync(place) && place !== path.dirname(place)) place = path.dirname(place)
  try {
    if (!statSync(place).isDirectory()) throw new Error(`${place} is not a directory`)
    accessSync(place, constants.W_OK | constants.X_OK)
  } catch (error) {
    return [
      broken('logs', messageOf(error), 'Make it a directory you may write in, or set CODEX_EXEC_LOG_DIR.'),
    ]
  }
  const free = freeMb(place)
  return [
    ok('logs', dir),
    free >= minFreeMb
      ? ok('disk', `${free} MB free, ${minFreeMb} MB needed`)
      : broken(
          'disk',
          `only ${free} MB are free, and ${minFreeMb} MB are needed`,
          'Make room, or lower LOOPER_MIN_FREE_MB.',
        ),
  ]
}

/** Whether the agent would work in the default workspace. */
export function checkWorkspace({ agents, launch: { workspace } }: Config): Finding {
  if (workspace === null) {
    return warning(
      'workspace',
      'none: requests must name one, and the autopoll is off',
      'Set LOOPER_WORKSPACE, if you want a default.',
    )
  }
  return agents.standard.checkWorkspace(workspace)
}
