import { messageOf } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import type { Announcement, Announcer } from '../notices/announce.ts'
import { type Tool, tool } from '../tools/tool.ts'
import type { Flag, Flags } from './flags.ts'
import type { Reports } from './reports.ts'

const MOST_TITLE = 200
const MOST_CHARACTERS = 100_000
const MOST_NOTE = 1000

/** Keeps a deliverable with the run. */
export const reportTool = (reports: Pick<Reports, 'write'>): Tool =>
  tool({
    name: 'report',
    description:
      'Deliver a result that people read later: it is kept with this run. The same title again replaces what it said.',
    input: Type.Object(
      {
        title: Type.String({ minLength: 1, maxLength: MOST_TITLE, pattern: '^[^\\u0000-\\u001f\\u007f]+$' }),
        markdown: Type.String({ minLength: 1, maxLength: MOST_CHARACTERS }),
      },
      { additionalProperties: false },
    ),
    isReadOnly: false,
    async call({ title, markdown }, run) {
      const { id, version } = reports.write(run.runId, title.toWellFormed(), markdown)
      return { report_id: id, version }
    },
  })

/** What raising a flag takes. */
export interface FlagToolDeps {
  readonly flags: Pick<Flags, 'raise' | 'noteTold'>
  readonly announcer: Pick<Announcer, 'announce'>
}

/** How people are told of a flag. */
export const flagAnnouncement = (
  { id, runId, note }: Flag,
  flags: Pick<Flags, 'noteTold'>,
): Announcement => ({
  key: `flag ${id}`,
  from: { runId },
  message: `🚩 ${note}`,
  note: () => flags.noteTold(id),
})

/** Marks the run as one that needs a look. */
export const flagTool = ({ flags, announcer }: FlagToolDeps): Tool =>
  tool({
    name: 'flag',
    description:
      'Mark this run as one that needs a look by people, but no answer: something odd or risky that you found. They are told once; go on with your work.',
    input: Type.Object(
      { note: Type.String({ minLength: 1, maxLength: MOST_NOTE }) },
      { additionalProperties: false },
    ),
    isReadOnly: false,
    async call({ note }, run, signal) {
      const flag = flags.raise(run.runId, note)
      const { id } = flag
      try {
        await announcer.announce(flagAnnouncement(flag, flags), signal)
      } catch (error) {
        // It is on the record, and must not be raised again.
        return `Flag ${id} is raised; it could not be sent to people: ${messageOf(error)}`
      }
      return `Flag ${id} is raised.`
    },
  })
