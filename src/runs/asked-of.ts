import type { LaunchRequest } from './run.ts'

/** What a run keeps of what asked for it. */
export const askedOf = ({
  requestId,
  trigger,
  caller,
  name,
  slot,
  workspace,
  sharesWorkspace,
}: Pick<
  LaunchRequest,
  'requestId' | 'trigger' | 'caller' | 'name' | 'slot' | 'workspace' | 'sharesWorkspace'
>) => ({
  requestId,
  trigger,
  caller,
  name,
  slot,
  workspace,
  sharesWorkspace,
})
