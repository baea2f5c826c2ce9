import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { loadLater } from '../../base/load-later.ts'

/** How a file may be sent, the smallest first. */
const CODINGS = ['br', 'gzip', 'identity'] as const
export type Coding = (typeof CODINGS)[number]

const BROTLI = { params: { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT } }
const GZIP = { level: constants.Z_BEST_COMPRESSION }

/**
 * The coding that a client likes best, as its `Accept-Encoding` says. As it is, where it accepts none of them.
 * Source: RFC 9110, 12.5.3.
 */
export function codingFor(accepted = ''): Coding {
  const weights = new Map<string, number>()
  for (const wish of accepted.toLowerCase().split(',')) {
    const [name = '', weight] = wish.split(/;\s*q=/)
    weights.set(name.trim(), weight === undefined ? 1 : Number.parseFloat(weight))
  }
  // Whoever says nothing of `identity` takes it, but would rather have any other.
  const weightOf = (coding: Coding) =>
    weights.get(coding) ?? (coding === 'identity' ? 0 : (weights.get('*') ?? 0))
  const best = CODINGS.reduce((one, other) => (weightOf(other) > weightOf(one) ? other : one))
  return weightOf(best) > 0 ? best : 'identity'
}

/** A file in each coding. It is compressed when it is first asked for, and then never again. */
export function inCodings(content: Buffer): (coding: Coding) => Promise<Buffer> {
  const br = loadLater([], () => promisify(brotliCompress)(content, BROTLI))
  const zipped = loadLater([], () => promisify(gzip)(content, GZIP))
  return async (coding) => {
    if (coding === 'br') return br.load()
    return coding === 'gzip' ? zipped.load() : content
  }
}
