/** Replaces secrets wherever they stand in a text. */
export type Redact = (text: string) => string

/** Where there are no secrets. */
export const unchanged: Redact = (text) => text

/** Tells the secrets, at each text; a new list where they changed. */
export type ListSecrets = () => readonly string[]

const STANDS_IN = '[redacted]'
/** A shorter secret would tear harmless words apart; a token this short protects nothing. */
const SHORTEST = 6

/** Takes secrets out of every text, as they are and as JSON writes them. */
export function redactor(secrets: ListSecrets): Redact {
  const forms = formsOf(secrets, (form) => form)
  return (text) => forms().reduce((clean, form) => clean.replaceAll(form, STANDS_IN), text)
}

/** The last place up to `end` where bytes can be cut, so that no secret stands across it, or begins to. */
export type PlaceToCut = (bytes: Buffer, end: number) => number

/** Without secrets, anywhere. */
export const anywhere: PlaceToCut = (_bytes, end) => end

/** Takes secrets out of bytes that may be no text. */
export interface ByteRedactor {
  /** Like {@link redactor}. Where there are none, they are the same bytes. */
  clean(bytes: Buffer): Buffer
  readonly placeToCut: PlaceToCut
}

/** Takes secrets out of bytes, also of those that come piece by piece. */
export function byteRedactor(secrets: ListSecrets): ByteRedactor {
  const forms = formsOf(secrets, (form) => Buffer.from(form))
  return {
    clean(bytes) {
      const found = forms().filter((form) => bytes.includes(form))
      if (found.length === 0) return bytes
      // A character each byte, whatever they mean.
      const text = bytes.toString('latin1')
      const clean = found.reduce((rest, form) => rest.replaceAll(form.toString('latin1'), STANDS_IN), text)
      return Buffer.from(clean, 'latin1')
    },
    placeToCut(bytes, end) {
      for (let place = end; ; ) {
        const before = Math.min(...forms().map((form) => startAcross(form, bytes, place)), place)
        if (before === place) return place
        // There another one may stand across.
        place = before
      }
    },
  }
}

/** Where a form begins that stands across a place, as far as there are bytes; the place where none does. */
function startAcross(form: Buffer, bytes: Buffer, place: number): number {
  for (let start = Math.max(0, place - form.length + 1); start < place; start++) {
    if (bytes[start] !== form[0]) continue
    const end = Math.min(bytes.length, start + form.length)
    if (bytes.compare(form, 0, end - start, start, end) === 0) return start
  }
  return place
}

/** The forms of the secrets as they are now; the longest first, so that none is left half there. */
function formsOf<T>(secrets: ListSecrets, make: (form: string) => T): () => readonly T[] {
  let known: readonly string[] = []
  let forms: readonly T[] = []
  return () => {
    const now = secrets()
    if (now === known) return forms
    known = now
    const long = now.filter((secret) => secret.length >= SHORTEST)
    const all = new Set(long.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]))
    forms = [...all].sort((a, b) => b.length - a.length).map(make)
    return forms
  }
}
