import { LooperError } from '../../base/errors.ts'
import { allowedWorkspace } from '../../runs/access.ts'
import type { RequestDefaults } from '../../runs/request.ts'
import type { LoopDefinition } from './loop.ts'

/** Where a loop works, as a real path. @throws {LooperError} where it has no workspace, or none that it may work in */
export function workspaceOf(
  { workspace }: Pick<LoopDefinition, 'workspace'>,
  defaults: Pick<RequestDefaults, 'access' | 'workspace'>,
): string {
  const wanted = workspace ?? defaults.workspace
  if (wanted === null)
    throw new LooperError(
      'LOOPER_WORKSPACE_MISSING',
      'the loop has no workspace, and LOOPER_WORKSPACE is not set',
    )
  return allowedWorkspace(wanted, defaults.access.workspaceRoots)
}
