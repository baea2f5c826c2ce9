import { isDirectory, realPathOf } from '../base/files.ts'
import { homeFault, isFileSystemRoot } from '../base/home.ts'
import { isWithinRoots, type WorkspaceRoot } from './access.ts'

/** The roots that are set. What is wrong with them is added to the problems. */
export function rootsOf(
  given: readonly string[],
  resolve: (file: string) => string,
  workspace: string | null,
  problems: string[],
): readonly WorkspaceRoot[] {
  const roots = given.map((root) => ({ path: resolve(root), withoutDotDirectories: false }))
  for (const root of given.filter((dir) => !isDirectory(resolve(dir))))
    problems.push(`LOOPER_WORKSPACE_ROOTS: "${root}" is not a directory; name ones that exist`)
  const real = workspace && realPathOf(workspace)
  if (real && !isWithinRoots(real, roots))
    problems.push(`LOOPER_WORKSPACE: "${workspace}" is outside LOOPER_WORKSPACE_ROOTS; add its root there`)
  return roots
}

/** Where none are set: the default workspace, and the home without its dot directories. */
export function defaultRoots(home: string, workspace: string | null): readonly WorkspaceRoot[] {
  return [
    ...(homeFault(home) === null ? [{ path: home, withoutDotDirectories: true }] : []),
    ...(workspace === null ? [] : [{ path: workspace, withoutDotDirectories: false }]),
  ]
}

/** What the owner should know of those, as sentences. */
export function tellOfDefaultRoots(home: string, workspace: string | null): string[] {
  const fault = homeFault(home)
  const told: string[] = []
  if (fault !== null)
    told.push(`HOME ${fault}: nothing in it may be a workspace; set LOOPER_WORKSPACE_ROOTS, or HOME`)
  if (workspace !== null && isFileSystemRoot(workspace))
    told.push(
      'Every directory may be a workspace, for LOOPER_WORKSPACE is one that holds them all; set LOOPER_WORKSPACE_ROOTS',
    )
  return told
}
