/** Replaces secrets wherever they stand in a text. */
export type Redact = (text: string) => string

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

/** Takes secrets out of bytes that may be no text, like {@link redactor}. Where there are none, they are the same bytes. */
export function byteRedactor(secrets: ListSecrets): (bytes: Buffer) => Buffer {
  const forms = formsOf(secrets, (form) => Buffer.from(form))
  return (bytes) => {
    const found = forms().filter((form) => bytes.includes(form))
    if (found.length === 0) return bytes
    // A character each byte, whatever they mean.
    const text = bytes.toString('latin1')
    const clean = found.reduce((rest, form) => rest.replaceAll(form.toString('latin1'), STANDS_IN), text)
    return Buffer.from(clean, 'latin1')
  }
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
