import { realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Agent } from '../agents/agent.ts'
import type { SessionPlace } from '../agents/session-place.ts'
import type { Ledger } from '../record/ledger.ts'
import { keptForSession } from './keep.ts'
import { type KnownSession, knownSessions } from './known-sessions.ts'
import type { DiskSource, Facts, Remnant } from './source.ts'
import type { StoredSessions } from './stored-sessions.ts'
import { entriesIn, lookAt, NOTHING, type Size, sizeOf, sizeWith, together } from './walk.ts'

/** What it needs. */
export interface SessionsDeps {
  readonly agent: Pick<Agent, 'name' | 'sessionPlaces'>
  /** The environment of agents, which tells where they keep their files. */
  readonly env: () => NodeJS.ProcessEnv
  readonly ledger: Pick<Ledger, 'letSessionGo' | 'keepSession' | 'leftSessions' | 'forgetSession'>
  /** Those that it keeps together; null: it does not. */
  readonly stored?: StoredSessions | null
}

/** Something of a session, below a place. */
interface Piece {
  readonly place: SessionPlace
  readonly file: string
}

/** What an agent keeps of a session. */
interface Found {
  readonly session: KnownSession
  readonly pieces: Piece[]
  isStored: boolean
  size: Size
}

/** Of those that their agent has to delete, each of which takes it some seconds. */
const MOST_STORED_A_PASS = 20

/** The end of a run may be seen a little before its last write, and its file be older than its record by as little. */
const SLACK_MS = 60_000

/**
 * What an agent keeps of the sessions that runs on the record were of. Sessions of other people are not touched, and neither
 * are those that somebody went on with, or that were there before their first run.
 */
export function sessionsSource({ agent, env, ledger, stored = null }: SessionsDeps): DiskSource {
  /** As it was measured last, by what each is called. */
  let measured = new Map<string, Found>()

  function remnantOf({ session, size }: Found, what: string, facts: Facts): Remnant {
    const { id, runId, endedAt } = session
    const kept = keptForSession(endedAt, true, facts)
    return {
      what,
      runId,
      bytes: size.bytes,
      at: endedAt ?? size.writtenAt,
      session: { agent: agent.name, id },
      kept: kept ?? (isOfOthers(session, size) ? 'in_use' : null),
    }
  }

  /** Whether somebody uses it since it was measured. */
  async function isUsed({ session, pieces, isStored }: Found): Promise<boolean> {
    for (const { file } of pieces) if (isOfOthers(session, await sizeOf(file))) return true
    const size = isStored && (await stored?.measure([session.id]))?.get(session.id)
    return size ? isOfOthers(session, size) : false
  }

  /** Whether all of it is gone. @throws {Error} where something cannot be removed */
  async function removeAll(one: Found, signal: AbortSignal): Promise<boolean> {
    if (await isUsed(one)) return false
    if (one.isStored && !(await stored?.remove(one.session.id, signal))) return false
    for (const piece of one.pieces) await removePiece(piece)
    return true
  }

  return {
    name: `sessions of ${agent.name}`,
    ...(stored && { mostAPass: MOST_STORED_A_PASS }),
    async measure(facts) {
      const known = knownSessions(facts.runs, ledger.leftSessions(), agent.name)
      const found = new Map<string, Found>()
      const foundOf = (session: KnownSession) => {
        const one = found.get(session.id) ?? { session, pieces: [], isStored: false, size: NOTHING }
        found.set(session.id, one)
        return one
      }
      for (const place of agent.sessionPlaces(env())) {
        for await (const { session, size, ...piece } of piecesIn(place, known)) {
          const one = foundOf(session)
          one.pieces.push(piece)
          one.size = together(one.size, size)
        }
      }
      const sizes = await stored?.measure([...known.keys()])
      for (const session of known.values()) {
        const size = sizes?.get(session.id)
        if (!size) continue
        const one = foundOf(session)
        one.isStored = true
        one.size = together(one.size, size)
      }
      measured = new Map([...found.values()].map((one) => [whatOf(one), one]))
      const remnants = [...measured].map(([what, one]) => remnantOf(one, what, facts))
      return { bytes: remnants.reduce((sum, { bytes }) => sum + bytes, 0), remnants }
    },
    async remove({ what }, { now, resumableMs }, signal) {
      const one = measured.get(what)
      if (!one) return false
      const { id } = one.session
      if (!ledger.letSessionGo(agent.name, id, now - resumableMs)) return false
      let isGone = false
      try {
        isGone = await removeAll(one, signal)
      } finally {
        if (!isGone) ledger.keepSession(agent.name, id)
      }
      if (isGone) ledger.forgetSession(agent.name, id)
      return isGone
    },
  }
}

/** A session by the first of its files; one that has none, by its id. */
const whatOf = ({ session, pieces }: Found) => pieces[0]?.file ?? `session ${session.id}`

/** Whether somebody wrote to a session after its last run, had it before its first, or mounted something below it. */
function isOfOthers({ beganAt, endedAt }: KnownSession, { madeAt, writtenAt, hasMount }: Size): boolean {
  // Whoever mounted something below it did not mean that to be deleted.
  if (hasMount || (endedAt !== null && writtenAt > endedAt + SLACK_MS)) return true
  // Not every file system tells when a file was made.
  return madeAt > 0 && madeAt < beganAt - SLACK_MS
}

/** What is named by a session in a place; links are not followed, and are nobody's session. */
async function* piecesIn(
  place: SessionPlace,
  known: ReadonlyMap<string, KnownSession>,
  dir = place.dir,
  depth = place.depth,
): AsyncGenerator<Piece & { readonly session: KnownSession; readonly size: Size }> {
  if (depth > 0) {
    for await (const { file, stats } of entriesIn(dir, (name) => name))
      if (stats?.isDirectory()) yield* piecesIn(place, known, file, depth - 1)
    return
  }
  for await (const { file, stats, meaning: session } of entriesIn(dir, knownBy))
    if (stats?.isFile() || stats?.isDirectory())
      yield { place, file, session, size: await sizeWith(file, stats) }

  function knownBy(name: string): KnownSession | undefined {
    const id = place.sessionOf(name)
    return id === null ? undefined : known.get(id)
  }
}

/** @throws {Error} where a folder above it was replaced by a link meanwhile */
async function removePiece({ place, file }: Piece): Promise<void> {
  if ((await lookAt(file)) === null) return
  const dir = path.dirname(file)
  const expected = path.join(await realpath(place.dir), path.relative(place.dir, dir))
  if ((await realpath(dir)) !== expected) throw new Error(`${dir} leads elsewhere by now`)
  await rm(file, { recursive: true, force: true })
}
