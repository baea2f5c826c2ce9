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
  { warnings, launch, notice, agents }: Pick<Config, 'warnings' | 'launch' | 'notice' | 'agents'>,
  told: readonly string[],
  findings: readonly Finding[] = [],
): Promise<string[]> {
  const all = [...warnings, ...told]
  for (const { check, text, remedy } of findings)
    if (check !== notice.name && !TOLD_ELSEWHERE.includes(check)) all.push(`${text}. ${remedy}`)
  all.push(...unpriced(agents.standard, launch))
  // It is read anew at each launch, and may be right by then.
  await readDefaultPrompt(launch.prompt).catch((error: unknown) => {
    all.push(`LOOPER_DEFAULT_PROMPT_FILE: ${messageOf(error)}`)
  })
  return [...all, ...initWarnings(firstProcess())]
}

/** Caps in dollars that the agent of whoever names none does not tell enough to keep. */
function unpriced(
  { name, tells }: Config['agents']['standard'],
  { budget, dayBudget }: Config['launch'],
): string[] {
  if (tells.cost) return []
  const caps = { LOOPER_RUN_MAX_COST_USD: budget, LOOPER_DAY_MAX_COST_USD: dayBudget }
  return Object.entries(caps)
    .filter(([, { maxCostUsd }]) => maxCostUsd > 0)
    .map(
      ([cap]) =>
        `${cap}: ${name} does not tell what it costs, so its runs are refused; use a budget in tokens`,
    )
}
