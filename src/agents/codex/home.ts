import path from 'node:path'
import { homeDirectory } from '../../base/home.ts'

/** Where codex keeps its sessions. */
export const homeOf = (env: NodeJS.ProcessEnv) =>
  env.CODEX_HOME || path.join(env.HOME || homeDirectory(), '.codex')
