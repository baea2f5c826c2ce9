import { messageOf } from '../base/errors.ts'
import { createListeners } from '../base/listeners.ts'
import { type FeaturePlugin, noSettings } from '../feature.ts'
import type { ServiceEvent } from '../http/event-source.ts'
import { createAnnouncer } from '../notices/announce.ts'
import type { Dialogue } from '../notices/notices.ts'
import type { Parts } from '../parts.ts'
import type { Opened } from '../plugin.ts'
import { answerTool } from './answer-tool.ts'
import type { Ask } from './ask.ts'
import { newAskId } from './ask-id.ts'
import { askMessages } from './ask-messages.ts'
import { ASK_TABLES, askRecords } from './ask-records.ts'
import { askTool, checkAnswerTool } from './ask-tool.ts'
import { createAsks } from './asks.ts'
import { hearAnswers } from './hear-answers.ts'
import { keepAsks } from './keep.ts'
import { createParking } from './parking.ts'
import { askRoutes } from './routes.ts'
import { AsksState, askAnswer } from './schemas.ts'
import { type TellAsks, tellAsks } from './tell-asks.ts'
import { messageFor } from './told.ts'

const WAIT_MS = 50_000

/** What agents inside of runs ask people, and the people who answer. */
export const people: FeaturePlugin = {
  settings: noSettings(openPeople),
  tables: ASK_TABLES,
}

function openPeople({ ledger, steps, notices, runs, agents, agentEnv: env, clock, logger }: Parts): Opened {
  const closing = new AbortController()
  const tables = ledger.tablesOf(ASK_TABLES)
  const records = askRecords(tables)
  const events = createListeners<ServiceEvent>()
  const announcer = createAnnouncer({ notices, ledger, logger })
  const announcementOf = (ask: Ask) => ({
    key: `ask ${ask.id} ${ask.state}`,
    from: { runId: ask.runId },
    // Where people are heard, a message of its own asks them.
    message: notices.dialogue === null ? messageFor(ask) : null,
    note: () => records.noteTold(ask.id, ask.state),
  })

  function tell(ask: Ask): void {
    const { id, runId, state } = ask
    logger.info({ run_id: runId, ask_id: id, state, answered_by: ask.answeredBy }, 'ask')
    events.tell({ name: 'ask', data: askAnswer(ask) })
    announcer.announce(announcementOf(ask), closing.signal).catch((error: unknown) => {
      logger.error({ run_id: runId, ask_id: id, error: messageOf(error) }, 'ask.notice.fail')
    })
  }

  const asks = createAsks({ records, ledger, clock, newId: newAskId, tell })
  const unsubscribe = steps.subscribe(({ step }) => {
    if (step === 'ended') asks.look()
  })
  const parking = createParking({ records, runs, ledger, agents, env, logger })
  const deps = { asks, parking, clock, waitMs: WAIT_MS }
  const telling = notices.dialogue && openTelling(notices.dialogue)

  function openTelling({ hearing, speech }: Dialogue): TellAsks {
    const messages = askMessages(tables)
    const telling = tellAsks({ asks, open: records.open, messages, speech, ledger, clock, logger })
    hearing.subscribe(hearAnswers({ asks, messages, speech, learn: telling.learn }))
    return telling
  }

  return {
    tools: [askTool(deps), checkAnswerTool(deps)],
    personTools: [answerTool({ asks })],
    asks,
    events,
    routes: async (app) => {
      await app.register(askRoutes, { asks })
    },
    status: { name: 'asks', schema: AsksState, look: async () => ({ open: records.open().length }) },
    async run(signal) {
      // What is over is settled first: nobody has to be told that it was asked.
      const keeping = keepAsks({ asks, parking, clock, logger }, signal)
      await announcer.resume(() => records.untold().map(announcementOf), signal)
      await Promise.all([keeping, telling?.run(signal)])
    },
    close() {
      unsubscribe()
      closing.abort()
    },
  }
}
