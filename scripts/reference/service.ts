import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { loadConfig } from '../../src/config.ts'
import { linuxTable } from '../../src/processes/linux.ts'
import { startService } from '../../src/service.ts'

/** What a service with every plug-in tells of itself: its API, and the names of its metrics. */
export async function askService(dir: string): Promise<{ openapi: string; metrics: string }> {
  const places = { projectDir: dir, home: dir }
  writeFileSync(path.join(dir, 'hooks.json'), '{ "hooks": {} }')
  const env = {
    LOOPER_PORT: '0',
    LOOPER_HOOKS_FILE: 'hooks.json',
    LOOPER_STOP_SCOPE: 'own',
    LOOPER_API_TOKEN: 'reference',
    LOOPER_HOST: '127.0.0.1',
    LOOPER_WORKSPACE: dir,
    LOOPER_DEFAULT_PROMPT: 'none',
    LOOPER_IDLE_POLL_SECONDS: '86400',
    LOOPER_MIN_FREE_MB: `${Number.MAX_SAFE_INTEGER}`,
    LOOPER_PUSH_CONTACT: 'mailto:reference@example.com',
    LOOPER_LOG_LEVEL: 'silent',
  }
  const config = loadConfig(env, places)
  const hurry = new AbortController().signal
  const service = await startService({ config, env, table: linuxTable(), hurry, tell: null, ...places })
  const ask = async (address: string) => {
    const answer = await fetch(`${service.url}${address}`, { headers: { authorization: 'Bearer reference' } })
    return answer.text()
  }
  try {
    const openapi = `${JSON.stringify(JSON.parse(await ask('/openapi.json')), null, 1)}\n`
    return { openapi, metrics: namesIn(await ask('/metrics')) }
  } finally {
    await service.close()
  }
}

/** Each metric with its type, its labels and what it means; without its values. */
function namesIn(text: string): string {
  const lines = text.split('\n')
  const of = (pattern: RegExp) => lines.flatMap((line) => pattern.exec(line)?.slice(1) ?? [])
  return of(/^# HELP (\S+) /)
    .toSorted()
    .map((name) => {
      const [help] = of(new RegExp(`^# HELP ${name} (.*)$`))
      const [type] = of(new RegExp(`^# TYPE ${name} (.*)$`))
      const [labels = ''] = of(new RegExp(`^${name}(?:_bucket)?{(.*)}`))
      const names = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label)
      return `${name}${names.length > 0 ? `{${names.join(',')}}` : ''} ${type}: ${help}\n`
    })
    .join('')
}
