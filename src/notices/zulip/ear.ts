import { unchanged } from '../../logging/redact.ts'
import type { Ear } from '../ear.ts'
import type { ZulipSettings } from './settings.ts'
import { describeMissing, findCredentials } from './zuliprc.ts'

/** Hears people in Zulip, with the credentials as they are at each connection. */
export function zulipEar(settings: ZulipSettings, env: NodeJS.ProcessEnv, redact = unchanged): Ear {
  const people = new Set(settings.people)
  return {
    people,
    async listen(hearer, clock, signal) {
      // Only now: who does not listen loads nothing of it.
      const { listenToZulip } = await import('./listen.ts')
      const open = async (timeoutMs: number) => {
        const credentials = findCredentials(settings)
        if (credentials.kind === 'none') throw new Error('no Zulip credentials')
        if (credentials.kind === 'incomplete') throw new Error(describeMissing(credentials))
        const { openZulip } = await import('./client.ts')
        const { account } = credentials
        const zulip = await openZulip(account, env, signal, { timeoutMs, redact })
        return { zulip, account: `${account.email} ${account.site}` }
      }
      await listenToZulip({ open, people, clock }, hearer, signal)
    },
  }
}
