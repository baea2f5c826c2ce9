import { type FeaturePlugin, noSettings } from '../feature.ts'
import { HEARD_TABLES } from '../notices/heard-records.ts'
import type { Parts } from '../parts.ts'
import type { Opened } from '../plugin.ts'
import { HearingAnswer, hearingAnswer } from './schemas.ts'

/** Hears what people say where notices go, if the settings of notices ask for it. */
export const hearing: FeaturePlugin = {
  settings: noSettings(openHearing),
  tables: HEARD_TABLES,
}

function openHearing({ notices: { dialogue } }: Parts): Opened {
  if (dialogue === null) return {}
  const { state, listen } = dialogue.hearing
  const look = async () => hearingAnswer(state())
  return { status: { name: 'hearing', schema: HearingAnswer, look }, run: listen }
}
