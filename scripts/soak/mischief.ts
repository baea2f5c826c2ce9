import { systemClock } from '../../src/base/clock.ts'
import type { LoopbackZulip } from '../../test/fixtures/loopback-zulip.ts'
import type { Chance } from './chance.ts'
import type { Family } from './family.ts'
import type { Hardship, Hardships } from './hardships.ts'
import type { Life } from './service.ts'
import type { Switch } from './zulip-switch.ts'

/** What can go wrong. */
export type Mischief =
  | 'service killed'
  | 'service stopped'
  | 'wrapper killed'
  | 'agent killed'
  | 'Zulip away'
  | Hardship

/** What it goes wrong with. */
export interface Scene {
  readonly family: Family
  readonly life: Life
  readonly zulip: LoopbackZulip
  readonly wire: Switch
  readonly hardships: Hardships
  /** Told before a wrapper is killed. */
  readonly wrapperKilled: Set<string>
  readonly over: AbortSignal
}

/** How often each, beside the kills of the service that the caller asks for. */
const PER_REQUEST = {
  'service stopped': 0.015,
  'wrapper killed': 0.07,
  'agent killed': 0.1,
  'Zulip away': 0.05,
  'descriptors out': 0.02,
  'ledger locked': 0.02,
  'disk full': 0.02,
}

/** What happens whether or not the service is there. */
const BESIDE = [
  'wrapper killed',
  'agent killed',
  'Zulip away',
  'descriptors out',
  'ledger locked',
  'disk full',
] as const

/** What goes wrong around one request, most often nothing. */
export function dealMischief(dice: Chance, serviceKill: number, storm: boolean): Mischief[] {
  const dealt: Mischief[] = []
  if (dice.happens(serviceKill)) dealt.push('service killed')
  if (dice.happens(PER_REQUEST['service stopped']) && storm) dealt.push('service stopped')
  // What happens while the service is away is the most telling.
  const factor = dealt.length > 0 ? 4 : 1
  for (const kind of BESIDE) {
    if (dice.happens(PER_REQUEST[kind] * factor)) dealt.push(kind)
  }
  return dealt
}

/** Makes it happen at a moment of its choice; tells whether there was anything to do it to. */
export async function makeMischief(kind: Mischief, dice: Chance, scene: Scene): Promise<boolean> {
  const { family, life, over } = scene
  // Half of it strikes while the launch is on its way.
  await systemClock.sleep(dice.happens(0.5) ? dice.between(0, 80) : dice.between(0, 500), over)
  switch (kind) {
    case 'service killed':
    case 'service stopped':
      if (life.isOver()) return false
      life.end(kind === 'service killed' ? 'SIGKILL' : 'SIGTERM')
      return true
    case 'wrapper killed': {
      const [wrapper] = family.wrappers()
      if (!wrapper) return false
      scene.wrapperKilled.add(wrapper[0])
      return family.signal(wrapper[1], 'SIGKILL')
    }
    case 'agent killed': {
      const tree = family.members().filter(({ cookie }) => cookie !== null)
      const agent = tree.find(({ parent }) => !tree.some(({ pid }) => pid === parent))
      const victim = dice.happens(0.8) ? agent : tree[dice.whole(0, Math.max(0, tree.length - 1))]
      if (!victim) return false
      return family.signal(
        victim,
        dice.oneOf([
          [3, 'SIGKILL'],
          [1, 'SIGTERM'],
          [1, 'SIGINT'],
        ]),
      )
    }
    case 'Zulip away':
      await takeZulipAway(dice, scene)
      return true
    case 'descriptors out':
    case 'ledger locked':
    case 'disk full':
      return scene.hardships.bring(kind, dice, life)
  }
}

async function takeZulipAway(dice: Chance, { zulip, wire, over }: Scene): Promise<void> {
  const how = dice.oneOf([
    [2, 'away'],
    [1, 'cut'],
    [1, 'bad gateway'],
  ])
  switch (how) {
    case 'away':
      await wire.off()
      await systemClock.sleep(dice.between(0, 300), over)
      return wire.on()
    case 'cut':
      return zulip.interrupt((request) => request.socket.destroy())
    case 'bad gateway':
      return zulip.interrupt((_, response) => response.writeHead(502).end('<html>Bad Gateway</html>'))
  }
}
