import path from 'node:path'
import { homeDirectory } from '../../base/home.ts'
import { type SessionPlace, sessionIn } from '../session-place.ts'
import type { SessionStore } from '../session-store.ts'
import { isOpencodeSession } from './session.ts'

const dirOf = (env: NodeJS.ProcessEnv) =>
  path.join(env.XDG_DATA_HOME || path.join(env.HOME || homeDirectory(), '.local/share'), 'opencode')

/** What opencode 1 keeps beside its database: what each session changed. */
export const opencodePlaces = (env: NodeJS.ProcessEnv): readonly SessionPlace[] => [
  {
    dir: path.join(dirOf(env), 'storage/session_diff'),
    depth: 0,
    sessionOf: sessionIn(/^(ses_\w+)\.json$/, isOpencodeSession),
  },
]

/** The bytes of the rows of a table that are a session's, which its column of this name tells. */
const bytesIn = (table: string, column: string) =>
  `(SELECT coalesce(sum(octet_length(data)), 0) FROM ${table} WHERE ${column} = session.id)`

/** The database of opencode 1.18, tried with 1.18.33. The sessions of its subagents go with their parents. */
export const opencodeStore: SessionStore = {
  file: (env) => path.join(dirOf(env), 'opencode.db'),
  sizes: `WITH RECURSIVE family (root, id) AS (
      SELECT id, id FROM session WHERE id IN (SELECT value FROM json_each(:ids))
      UNION SELECT family.root, session.id FROM family JOIN session ON session.parent_id = family.id
    )
    SELECT family.root AS id, min(time_created) AS made_at, max(time_updated) AS written_at,
      sum(${[bytesIn('message', 'session_id'), bytesIn('part', 'session_id'), bytesIn('event', 'aggregate_id')].join(' + ')}) AS bytes
    FROM family JOIN session ON session.id = family.id GROUP BY family.root`,
  remove: (id) => ['session', 'delete', id],
}
