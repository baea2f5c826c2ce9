import type { RoundList } from '../../triggers/loop/schemas.ts'
import type { Client } from '../client.ts'

/** A round as the service tells it. */
export type RoundTold = RoundList['rounds'][number]

/** What one answer holds. */
const PAGE = 100

/** The newest rounds of a loop, newest first. */
export async function newestRounds(client: Client, name: string, count: number): Promise<RoundTold[]> {
  const rounds: RoundTold[] = []
  for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null && rounds.length < count; ) {
    const limit = Math.min(PAGE, count - rounds.length)
    const path: string = `/loops/${name}/rounds?limit=${limit}${rounds.length === 0 ? '' : `&before=${before}`}`
    const page: RoundList = await client.get<RoundList>(path, ['rounds', 'next_before'])
    rounds.push(...page.rounds)
    before = page.next_before
  }
  return rounds
}
