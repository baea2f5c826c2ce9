import { timeOf } from '../base/iso-time.ts'
import { orNull, type Static, Type } from '../base/schema.ts'
import type { Flag } from './flags.ts'
import type { Report } from './reports.ts'

const Time = Type.String({ format: 'date-time' })

const ReportSummary = Type.Object({
  report_id: Type.Integer(),
  run_id: Type.String(),
  title: Type.String(),
  version: Type.Integer({ description: '1, and one more each time it was written anew.' }),
  characters: Type.Integer(),
  created_at: Time,
  updated_at: Time,
})

/** The answer of `GET /runs/:run_id/reports`. */
export const ReportList = Type.Object(
  { reports: Type.Array(ReportSummary) },
  { description: 'In the order in which they were first written; without their texts.' },
)
/** The answer of `GET /runs/:run_id/reports`. */
export type ReportList = Static<typeof ReportList>

/** The answer of `GET /reports/:report_id`. */
export const ReportAnswer = Type.Object(
  { ...ReportSummary.properties, markdown: Type.String() },
  { description: 'The report as it was written last.' },
)
/** The answer of `GET /reports/:report_id`. */
export type ReportAnswer = Static<typeof ReportAnswer>

const FlagAnswer = Type.Object({
  flag_id: Type.Integer(),
  run_id: Type.String(),
  note: Type.String(),
  created_at: Time,
  cleared_at: orNull(Time),
  cleared_by: orNull(Type.String({ description: 'The name of a token.' })),
})

/** The answer of `GET /flags`. */
export const FlagList = Type.Object({ flags: Type.Array(FlagAnswer) }, { description: 'Newest first.' })
/** The answer of `GET /flags`. */
export type FlagList = Static<typeof FlagList>

/** The answer of `POST /flags/:flag_id/clear`. */
export const ClearAnswer = Type.Object(
  { ok: Type.Literal(true), flag: FlagAnswer },
  { description: 'Somebody has looked.' },
)
/** The answer of `POST /flags/:flag_id/clear`. */
export type ClearAnswer = Static<typeof ClearAnswer>

/** A report in the API's words, without its text. */
export const reportSummary = (report: Report): Static<typeof ReportSummary> => ({
  report_id: report.id,
  run_id: report.runId,
  title: report.title,
  version: report.version,
  characters: report.characters,
  created_at: timeOf(report.createdAt),
  updated_at: timeOf(report.updatedAt),
})

/** A flag in the API's words. */
export const flagAnswer = (flag: Flag): Static<typeof FlagAnswer> => ({
  flag_id: flag.id,
  run_id: flag.runId,
  note: flag.note,
  created_at: timeOf(flag.createdAt),
  cleared_at: timeOf(flag.clearedAt),
  cleared_by: flag.clearedBy,
})
