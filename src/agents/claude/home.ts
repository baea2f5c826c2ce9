import path from 'node:path'
import { homeDirectory } from '../../base/home.ts'

/** Where Claude Code keeps its sessions. */
export const homeOf = (env: NodeJS.ProcessEnv) =>
  env.CLAUDE_CONFIG_DIR || path.join(env.HOME || homeDirectory(), '.claude')
