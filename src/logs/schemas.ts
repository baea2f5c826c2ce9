import { type Static, Type } from '../base/schema.ts'

const LogLine = Type.Object({
  line: Type.Integer({ description: 'Its number; the first line of a log is 1.' }),
  offset: Type.Integer({
    description: 'The byte of the log where it begins; of a match, where that begins.',
  }),
  text: Type.String(),
})

/** The answer of `GET /runs/:run_id/log/search`. */
export const LogMatchesAnswer = Type.Object(
  {
    matches: Type.Array(LogLine),
    total: Type.Integer({ description: 'How many there are in what was searched, also beyond the limit.' }),
    is_complete: Type.Boolean(),
    end: Type.Integer({
      description: 'The offset to go on with; a last line without end is searched again then.',
    }),
  },
  { description: 'What was found.' },
)
/** The answer of `GET /runs/:run_id/log/search`. */
export type LogMatchesAnswer = Static<typeof LogMatchesAnswer>

/** The answer of `GET /runs/:run_id/log/lines`. */
export const LogLinesAnswer = Type.Object(
  {
    from: Type.Integer({ description: 'The number of the first line.' }),
    offset: Type.Union([Type.Integer(), Type.Null()], {
      description: 'The byte where it begins; null where there is no such line, or it is not counted yet.',
    }),
    lines: Type.Array(LogLine),
    total: Type.Union([Type.Integer(), Type.Null()], { description: 'How many lines the log has.' }),
    is_complete: Type.Boolean(),
  },
  { description: 'The lines.' },
)
/** The answer of `GET /runs/:run_id/log/lines`. */
export type LogLinesAnswer = Static<typeof LogLinesAnswer>

/** The answer of `GET /runs/:run_id/log/times`. */
export const LogTimesAnswer = Type.Object(
  {
    times: Type.Array(
      Type.Object({
        from: Type.Integer(),
        to: Type.Integer({ description: 'The last line that was first seen then.' }),
        time: Type.String({ description: 'In ISO 8601.' }),
      }),
    ),
    noted: Type.Boolean({ description: 'Whether times of this log are kept at all.' }),
    is_complete: Type.Boolean({ description: 'False: not all lines are counted yet, ask again.' }),
  },
  { description: 'When the lines were first seen, where that was noted.' },
)
/** The answer of `GET /runs/:run_id/log/times`. */
export type LogTimesAnswer = Static<typeof LogTimesAnswer>
