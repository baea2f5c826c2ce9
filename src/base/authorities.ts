import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { errnoOf } from './errors.ts'

/** Whose certificates count. */
export interface Trust {
  /** For `node:tls`. */
  readonly options: { readonly ca?: string[] }
  /** What to do about a certificate of somebody else. */
  readonly advice: string
}

/** OpenSSL's words for a certificate whose authority is unknown (nodejs.org/api/tls.html, "X509 certificate error codes"). */
const UNKNOWN_AUTHORITY =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?))$/

/** Whether an error says that nobody known vouches for a certificate. */
export const isUntrusted = (error: unknown): boolean => UNKNOWN_AUTHORITY.test(errnoOf(error) ?? '')

/**
 * The authorities that are named, and no others; else Node's own and those in the file of `NODE_EXTRA_CA_CERTS`. Node
 * reads that variable only when it starts, before it reads `.env`. As with Node, a file that cannot be read takes nothing
 * from the others.
 * @param ca certificates as PEM
 */
export function trustIn(ca: string | undefined, env: NodeJS.ProcessEnv): Trust {
  if (ca !== undefined)
    return { options: { ca: [ca] }, advice: 'its authority is none of those in cert_bundle' }
  const file = env.NODE_EXTRA_CA_CERTS
  if (!file) return { options: {}, advice: 'name its authority with NODE_EXTRA_CA_CERTS (PEM)' }
  try {
    const extra = readFileSync(file, 'utf8')
    // An older Node, which the command may run on, knows only those it was built with.
    const known: typeof tls.getCACertificates | undefined = tls.getCACertificates
    const own = known ? known('default') : tls.rootCertificates
    return {
      options: { ca: [...own, extra] },
      advice: `its authority is not in ${file} (NODE_EXTRA_CA_CERTS)`,
    }
  } catch (error) {
    return { options: {}, advice: `${file} (NODE_EXTRA_CA_CERTS) cannot be read: ${errnoOf(error)}` }
  }
}
