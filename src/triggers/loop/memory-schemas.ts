import { timeOf } from '../../base/iso-time.ts'
import { orNull, type Static, Type } from '../../base/schema.ts'
import { AUTHORS, MEMORIES, type MemoryVersion } from './memory-versions.ts'

const MemoryAnswer = Type.Object({
  text: Type.String(),
  bytes: Type.Integer({ description: 'Of its file; of one that is too large, `text` is the beginning.' }),
  warning: orNull(Type.String({ description: 'What is wrong with it.' })),
})
/** The answer of `GET /loops/:name/memory`. */
export const BothMemories = Type.Object({
  memory: Type.Object({ persistent: MemoryAnswer, working: MemoryAnswer }),
})
/** The answer of `GET /loops/:name/memory`. */
export type BothMemories = Static<typeof BothMemories>

const Version = Type.Object({
  version_id: Type.Integer(),
  memory: Type.Enum([...MEMORIES]),
  text: Type.String(),
  by: Type.Enum([...AUTHORS], { description: 'Who wrote it; file: whoever edited the file.' }),
  round_id: orNull(Type.Integer({ description: 'The newest round then.' })),
  at: Type.String({ format: 'date-time' }),
})
/** The answer of `GET /loops/:name/memory/versions`. */
export const VersionList = Type.Object(
  { versions: Type.Array(Version), next_before: orNull(Type.Integer()) },
  { description: 'Newest first.' },
)
/** The answer of `GET /loops/:name/memory/versions`. */
export type VersionList = Static<typeof VersionList>

/** A version in the API's words. */
export const versionAnswer = ({
  id,
  memory,
  text,
  by,
  round,
  at,
}: MemoryVersion): Static<typeof Version> => ({
  version_id: id,
  memory,
  text,
  by,
  round_id: round,
  at: timeOf(at),
})
