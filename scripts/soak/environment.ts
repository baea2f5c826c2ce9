import path from 'node:path'

const PROJECT = path.resolve(import.meta.dirname, '../..')

/**
 * What a service in a soak is started with: runs of the scripted codex, without a delay, whose logs stay.
 * @param home a directory of the soak's own, which the runs have as their home
 */
export const soakEnvironment = (home: string, logDir: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: home,
  LOOPER_PORT: '0',
  // Never the runs of the person who runs the soak.
  LOOPER_STOP_SCOPE: 'own',
  LOOPER_RUN_LOG_KEEP_COUNT: '0',
  CODEX_EXEC_LOG_DIR: logDir,
  CODEX_EXEC_BINARY: path.join(PROJECT, 'test/fixtures/codex'),
  CODEX_EXEC_DELAY_SECONDS: '0',
})
