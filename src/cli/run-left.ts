import type { FlagList, ReportList } from '../reports/schemas.ts'
import type { Client } from './client.ts'

/** What the agent of a run left for people, in words; empty where it left nothing. */
export interface RunLeft {
  readonly reports: string
  readonly flags: string
}

/** Asks what a run left. A service that is older than this command, or cannot tell it now, tells nothing. */
export async function leftBy(client: Client, runId: string): Promise<RunLeft> {
  try {
    const { reports } = await client.get<ReportList>(`/runs/${runId}/reports`, ['reports'])
    const { flags } = await client.get<FlagList>(`/flags?run_id=${runId}`, ['flags'])
    return {
      reports: reports.map(({ report_id, title }) => `${report_id} ${title}`).join(', '),
      flags: flags.map(({ flag_id, note }) => `${flag_id} ${note}`).join(', '),
    }
  } catch {
    // The rest is worth telling all the same.
    return { reports: '', flags: '' }
  }
}
