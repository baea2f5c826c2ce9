import { flag, setting } from '../settings/form.ts'
import { part } from '../settings/part.ts'

const forms = {
  LOOPER_AGENT_TOOLS: setting(
    flag(),
    '`0`',
    '`1`: agents get tools of Looper in their runs: tell people something, ask for the next run, see their limits',
  ),
}

/** Whether runs get tools. */
export const toolsSettings = part('Tools', forms, (values): boolean => values.LOOPER_AGENT_TOOLS ?? false)
