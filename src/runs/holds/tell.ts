import { timeOf } from '../../base/iso-time.ts'
import { type TellingDeps, tellAside } from '../../notices/tell-aside.ts'
import type { Held } from './holds.ts'

/** Tells people of a hold, once: a notice that fails is told in the log, and changes nothing. */
export function tellingHolds(deps: TellingDeps): (held: Held) => void {
  const tell = tellAside(deps, 'hold.notice.fail')
  return (held) => tell(messageFor(held), { agent: held.agent })
}

/** A new hold in words. */
export function messageFor({ agent, until, tryAt }: Pick<Held, 'agent' | 'until' | 'tryAt'>): string {
  const when = timeOf(tryAt)
  const told =
    until === null
      ? `Nobody knows when it is reset: a run is tried at ${when}`
      : `Its runs wait until ${when}, and begin then in their order`
  return `The usage limit of ${agent} is reached. ${told}. POST /holds/${agent}/release ends that early.`
}
