import { messageOf } from '../base/errors.ts'
import type { Finding } from '../base/finding.ts'
import { type Credentials, describeMissing } from '../notices/zulip/zuliprc.ts'
import { firstProcess, initWarnings } from '../processes/init.ts'
import { readDefaultPrompt } from '../runs/prompt.ts'
import type { Config } from './config.ts'

/** What is told here in words of its own, or with the settings. */
const TOLD_ELSEWHERE: readonly string[] = ['settings', 'prompt', 'zulip']

/**
 * What a service that starts should tell its owner: settings that will not do what they say, and what this machine lacks.
 * @param blindness what the process table does not see; null: nothing; @param findings what is wrong with the settings
 */
export async function startWarnings(
  { warnings, launch }: Pick<Config, 'warnings' | 'launch'>,
  credentials: Credentials,
  blindness: string | null,
  findings: readonly Finding[] = [],
): Promise<string[]> {
  const told = [...warnings, ...(blindness === null ? [] : [blindness])]
  if (credentials.kind === 'none') told.push('No Zulip credentials: notices go to the server log only')
  if (credentials.kind === 'incomplete') {
    told.push(`${describeMissing(credentials)}: no notice can be sent, so every request for a run is refused`)
  }
  for (const { check, text, remedy } of findings)
    if (!TOLD_ELSEWHERE.includes(check)) told.push(`${text}. ${remedy}`)
  // It is read anew at each launch, and may be right by then.
  await readDefaultPrompt(launch.prompt).catch((error: unknown) => {
    told.push(`LOOPER_DEFAULT_PROMPT_FILE: ${messageOf(error)}`)
  })
  return [...told, ...initWarnings(firstProcess())]
}
