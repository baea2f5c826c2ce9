import { type Static, Type } from '../../base/schema.ts'
import type { Part } from '../../settings/part.ts'
import { LOOP_NAME, LoopDefinition } from './loop.ts'
import type { LoopRecords } from './records.ts'

/** The loops of the config file, by name: what they are is said there, and nowhere else; what they do is not. */
export type OwnLoops = ReadonlyMap<string, LoopDefinition>

const KEY = 'loops'

const Loops = Type.Record(Type.String({ pattern: LOOP_NAME }), LoopDefinition, {
  additionalProperties: false,
  description: 'Loops of your own, by their names.',
})

/** Reads them. */
export const loopSettings: Part<OwnLoops> = {
  title: 'Loops',
  forms: {},
  keys: { [KEY]: Loops },
  read({ file, resolve }) {
    const given: Static<typeof Loops> = file.read(KEY, Loops) ?? {}
    return new Map(
      Object.entries(given).map(([name, definition]) => {
        const { workspace } = definition
        return [name, workspace == null ? definition : { ...definition, workspace: resolve(workspace) }]
      }),
    )
  },
}

/** Puts them on the record as they are in the file now, each with what it has done. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
export function defineOwn(own: OwnLoops, records: Pick<LoopRecords, 'find' | 'define' | 'update'>): void {
  for (const [name, definition] of own)
    if (JSON.stringify(records.find(name)?.definition) !== JSON.stringify(definition))
      redefine(name, definition, records)
}

/** Makes a loop, or changes what it is. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
export function redefine(
  name: string,
  definition: LoopDefinition,
  records: Pick<LoopRecords, 'find' | 'define' | 'update'>,
): void {
  const before = records.find(name)
  records.define(name, definition)
  // What another monitor printed says nothing of this one.
  if (before && before.definition.monitor !== definition.monitor) records.update(name, { monitorOutput: '' })
}
