import type { Meters } from '../../base/meters.ts'
import type { Days } from './days.ts'

/** Measures what all runs have used today. */
export function measureDays(days: Pick<Days, 'today'>, meters: Pick<Meters, 'gauge'>): void {
  meters.gauge({
    name: 'looper_day_tokens',
    help: "Tokens that runs have used today, by the host's time zone.",
    look: () => days.today().tokens,
  })
  meters.gauge({
    name: 'looper_day_cost_usd',
    help: "What runs have cost today in US dollars, as far as it is known, by the host's time zone.",
    look: () => days.today().costUsd,
  })
  meters.gauge({
    name: 'looper_day_spent',
    help: '1 while nothing is launched because the budget of the day is used up, else 0.',
    look: () => (days.today().usedUp === null ? 0 : 1),
  })
}
