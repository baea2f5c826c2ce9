import { realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { errnoOf, LooperError } from '../base/errors.ts'
import { realPathOf } from '../base/files.ts'
import { isFileSystemRoot } from '../base/home.ts'

/** A folder that workspaces may lie in. */
export interface WorkspaceRoot {
  /** As it was configured: a link counts as what it leads to at the moment. */
  readonly path: string
  /**
   * Whether folders right in it whose name begins with a dot are left out: that is where a home keeps its secrets. The
   * root itself holds them, and is left out with them.
   */
  readonly withoutDotDirectories: boolean
}

/**
 * The real path of a workspace, if it can be entered and lies in an allowed root. A link counts as what it leads to.
 * @throws {LooperError} `LOOPER_WORKSPACE_INVALID`, `LOOPER_WORKSPACE_CLOSED`, `LOOPER_WORKSPACE_FORBIDDEN`
 */
export function allowedWorkspace(workspace: string, roots: readonly WorkspaceRoot[]): string {
  const real = enterable(workspace)
  if (isWithinRoots(real, roots)) return real
  throw new LooperError(
    'LOOPER_WORKSPACE_FORBIDDEN',
    `workspace is outside the allowed roots: ${real} (LOOPER_WORKSPACE_ROOTS)`,
  )
}

/** What stat(2) says of a path where there is no directory; all else says that there may be one. */
const NO_DIRECTORY: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']

/**
 * The real path of a directory that a process of this user can enter.
 * @throws {LooperError} `LOOPER_WORKSPACE_INVALID`; `LOOPER_WORKSPACE_CLOSED`: no permission, or its file system is gone
 */
export function enterable(workspace: string): string {
  try {
    // To look up "." takes what chdir(2) takes, and asks the file system itself.
    statSync(`${workspace}/.`)
    return realpathSync(workspace)
  } catch (error) {
    const errno = errnoOf(error)
    throw NO_DIRECTORY.includes(errno)
      ? new LooperError('LOOPER_WORKSPACE_INVALID', `workspace is not a directory: ${workspace}`, {
          cause: error,
        })
      : new LooperError(
          'LOOPER_WORKSPACE_CLOSED',
          `workspace cannot be entered by the user of the service: ${workspace} (${errno})`,
          { cause: error },
        )
  }
}

/**
 * Checks again, at the last moment, that a workspace still is what was allowed.
 * @throws {LooperError} `LOOPER_WORKSPACE_FORBIDDEN` where a link was put in its place or above it, and the others of
 * {@link allowedWorkspace}
 */
export function recheckWorkspace(real: string, roots: readonly WorkspaceRoot[]): void {
  if (allowedWorkspace(real, roots) === real) return
  throw new LooperError(
    'LOOPER_WORKSPACE_FORBIDDEN',
    `workspace was replaced by a link after it was checked: ${real}`,
  )
}

/**
 * The real path of a program or a helper script that a request names, if the owner allowed it.
 * @throws {LooperError} `LOOPER_EXECUTABLE_FORBIDDEN`
 */
export function allowedExecutable(
  file: string,
  field: string,
  allowed: Pick<ReadonlySet<string>, 'has'>,
): string {
  const real = realpathSync(file)
  if (allowed.has(real)) return real
  throw new LooperError(
    'LOOPER_EXECUTABLE_FORBIDDEN',
    `'${field}' is not allowed: ${file} (LOOPER_ALLOWED_EXECUTABLES)`,
  )
}

/** Whether a real path lies in one of the roots. */
export function isWithinRoots(real: string, roots: readonly WorkspaceRoot[]): boolean {
  return roots.some((root) => isWithin(real, root))
}

function isWithin(real: string, { path: given, withoutDotDirectories }: WorkspaceRoot): boolean {
  const root = realPathOf(given)
  if (root === null || (withoutDotDirectories && isFileSystemRoot(root))) return false
  const inside = path.relative(root, real)
  if (inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)) return false
  return !(withoutDotDirectories && (inside === '' || inside.startsWith('.')))
}
