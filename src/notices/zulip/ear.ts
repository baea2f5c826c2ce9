import { unchanged } from '../../logging/redact.ts'
import type { Ear } from '../ear.ts'
import { withoutMentions } from '../without-mentions.ts'
import { reactTo } from './events.ts'
import type { ZulipSettings } from './settings.ts'
import { openReady, zulipAt } from './zulip.ts'

/** Hears people in Zulip, with the credentials as they are at each connection. */
export function zulipEar(settings: ZulipSettings, env: NodeJS.ProcessEnv, redact = unchanged): Ear {
  const people = new Set(settings.people)
  return {
    people,
    call: settings.people.map((id) => `@**|${id}**`).join(' '),
    plain: (text) => withoutMentions(redact(text)),
    at: (place) => zulipAt(place, settings, env, redact),
    async offer(messageId, signs, signal) {
      const { zulip } = await openReady(settings, env, signal, { redact })
      for (const sign of signs) await reactTo(zulip, messageId, sign)
    },
    async listen(hearer, clock, signal) {
      // Only now: who does not listen loads nothing of it.
      const { listenToZulip } = await import('./listen.ts')
      const open = (timeoutMs: number) => openReady(settings, env, signal, { timeoutMs, redact })
      await listenToZulip({ open, people, clock }, hearer, signal)
    },
  }
}
