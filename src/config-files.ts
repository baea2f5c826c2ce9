import type { Config } from './config.ts'

/** The files that settings name, besides those of logs. */
export function filesOf({ http, launch, triggers, notice, configFile }: Config): string[] {
  const promptFile = launch.prompt.kind === 'file' ? launch.prompt.path : []
  return [
    configFile ?? [],
    http.tokensFile ?? [],
    promptFile,
    ...triggers.map(({ file }) => file ?? []),
    ...notice.files,
  ].flat()
}
