import type { ReportList } from '../reports/schemas.ts'
import type { Context } from './context.ts'
import { EXIT, wrongUse } from './failure.ts'
import { findRun, presentRun } from './find-run.ts'
import { moment } from './human.ts'

/** `looper reports [ID]`: what a run delivered. */
export async function reports({ screen, client, words, options }: Context): Promise<number> {
  const [id] = words
  const runId = id === undefined ? await presentRun(client) : await findRun(client, id)
  const answer = await client.get<ReportList>(`/runs/${runId}/reports`, ['reports'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  for (const { report_id, title, version, updated_at } of answer.reports) {
    const versions = version === 1 ? '' : `, version ${version}`
    const when = screen.paint('dim', `(${moment(updated_at)}${versions})`)
    screen.say(`${String(report_id).padStart(4)}  ${title} ${when}`)
  }
  if (answer.reports.length === 0) screen.say('This run has no reports.')
  else screen.say(screen.paint('dim', 'Read one with: looper report ID'))
  return EXIT.ok
}

/** `looper report ID`: the text of one. */
export async function report({ screen, client, words, options }: Context): Promise<number> {
  const [id = ''] = words
  if (!/^\d{1,15}$/.test(id)) throw wrongUse(`"${id}" is no id of a report`, '"looper reports" lists them.')
  const answer = await client.get<{ markdown: string }>(`/reports/${id}`, ['markdown'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const sink = screen.openLog()
  await sink.write(Buffer.from(`${answer.markdown}\n`))
  await sink.end()
  return EXIT.ok
}
