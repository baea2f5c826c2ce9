import { messageOf } from './base/errors.ts'
import type { Finding } from './base/finding.ts'
import type { Config } from './config.ts'
import { firstProcess, initWarnings } from './processes/init.ts'
import { readDefaultPrompt } from './runs/prompt.ts'

/** What is told here in words of its own, or with the settings. */
const TOLD_ELSEWHERE: readonly string[] = ['settings', 'prompt']

/**
 * What a service that starts should tell its owner: settings that will not do what they say, and what this machine lacks.
 * @param told of notices and of what the process table does not see
 * @param findings what is wrong with the settings
 */
export async function startWarnings(
  { warnings, launch, notice }: Pick<Config, 'warnings' | 'launch' | 'notice'>,
  told: readonly string[],
  findings: readonly Finding[] = [],
): Promise<string[]> {
  const all = [...warnings, ...told]
  for (const { check, text, remedy } of findings)
    if (check !== notice.name && !TOLD_ELSEWHERE.includes(check)) all.push(`${text}. ${remedy}`)
  // It is read anew at each launch, and may be right by then.
  await readDefaultPrompt(launch.prompt).catch((error: unknown) => {
    all.push(`LOOPER_DEFAULT_PROMPT_FILE: ${messageOf(error)}`)
  })
  return [...all, ...initWarnings(firstProcess())]
}
