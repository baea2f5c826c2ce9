import path from 'node:path'
import { ownerPart } from '../../processes/mark.ts'
import { checkIdOf, type Place, type PlaceDeps } from '../place.ts'
import { dirOf, removeFiles } from './files.ts'
import { launch } from './launch.ts'
import { removeOrders } from './orders.ts'
import { listStates, readState, removeState } from './state-file.ts'
import { createWrappers, WRAPPER } from './wrappers.ts'

/** This machine. Whoever opens it closes it. */
export function openHost({ stateDir, table, clock }: PlaceDeps): Place {
  const wrappers = createWrappers(stateDir)
  const stateOf = (runId: string) => path.join(stateDir, runId)
  return {
    launch: (spec) => launch({ ...spec, stateDir, table, clock, wrappers }),
    prepare: wrappers.prepare,
    runs: () => listStates(stateDir),
    wordOf: (runId) => readState(stateOf(runId)),
    async isAnybodyToTell() {
      const ids = listStates(stateDir).flatMap((runId) => [runId, checkIdOf(runId)])
      const told = ids.map((id) => {
        const { wrapper, agent } = readState(stateOf(id))
        return agent && wrapper?.pid
      })
      for (const { pid, argv } of await table.commands())
        if (argv[1] === WRAPPER && argv[2] === stateDir && !told.includes(pid)) return true
      return false
    },
    dirOf: (runId) => dirOf(stateOf(runId)),
    tidy: (runId) => removeOrders(stateOf(runId)),
    forget(runId, logger) {
      removeFiles(stateOf(runId))
      // The run's own last: by it both are found again.
      removeState(stateOf(checkIdOf(runId)), logger)
      removeState(stateOf(runId), logger)
    },
    owner: ownerPart(stateDir),
    close: wrappers.close,
  }
}
