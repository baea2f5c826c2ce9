import type { FastifyInstance } from 'fastify'
import { errnoOf, messageOf } from '../base/errors.ts'
import { ConfigError } from '../settings/config-error.ts'
import type { HttpSettings } from './settings.ts'

/** Listens, and resolves with the URL. @throws {Error} as {@link listenFailure} says it */
export async function listen(
  app: Pick<FastifyInstance, 'listen'>,
  { host, port }: Pick<HttpSettings, 'host' | 'port'>,
): Promise<string> {
  return app.listen({ host, port }).catch((error: unknown) => {
    throw listenFailure(error, host, port)
  })
}

/** Why a host and a port cannot be listened on, with what to do; a wrong setting where waiting would not help. */
export function listenFailure(error: unknown, host: string, port: number): Error {
  const failure = (sentence: string) => new Error(sentence, { cause: error })
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return failure(`port ${port} on ${host} is taken; stop what listens there, or set LOOPER_PORT`)
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return failure(`this machine has no address ${host}; set LOOPER_HOST`)
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failure(`this machine finds no address for "${host}"; set LOOPER_HOST`)
    case 'EINVAL':
      return new ConfigError([
        `LOOPER_HOST: "${host}" is no address to listen on; one that begins with fe80: needs its interface, as fe80::1%eth0`,
      ])
    case 'EACCES':
      return new ConfigError([
        `LOOPER_PORT: this user may not listen on ${port}; below 1024 only root may, unless the system allows more`,
      ])
    default:
      return failure(
        `cannot listen on ${host}, port ${port}: ${messageOf(error)}; set LOOPER_HOST or LOOPER_PORT`,
      )
  }
}
