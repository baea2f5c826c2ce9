import type { Feature, FeaturePlugin } from '../feature.ts'
import { HEARD_TABLES } from '../notices/heard-records.ts'
import { part } from '../settings/part.ts'
import { HearingAnswer, hearingAnswer } from './schemas.ts'

/** Hears what people say where notices go, if the settings of notices ask for it. */
export const hearing: FeaturePlugin = {
  settings: part('Notices', {}, (): Feature => ({ open: openHearing })),
  tables: HEARD_TABLES,
}

const openHearing: Feature['open'] = ({ notices: { dialogue } }) =>
  dialogue === null
    ? {}
    : {
        status: {
          name: 'hearing',
          schema: HearingAnswer,
          look: async () => hearingAnswer(dialogue.hearing.state()),
        },
        run: dialogue.hearing.listen,
      }
