/** A database of an agent's own in which it keeps its sessions together: SQLite's, read and never written by anybody else. */
export interface SessionStore {
  /** Its path; it need not be there. */
  file(env: NodeJS.ProcessEnv): string
  /**
   * A query that tells, of those sessions whose ids are in the JSON array `:ids` and that are there, `id`, `made_at` and
   * `written_at` (milliseconds since the epoch), and about how many `bytes` they are.
   */
  readonly sizes: string
  /** Arguments with which the agent's own program deletes a session, all of it, from any directory. */
  remove(id: string): readonly string[]
}
