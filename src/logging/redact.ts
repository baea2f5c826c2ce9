/** Replaces secrets wherever they stand in a text. */
export type Redact = (text: string) => string

const STANDS_IN = '[redacted]'
/** A shorter secret would tear harmless words apart; a token this short protects nothing. */
const SHORTEST = 6

/**
 * Takes secrets out of every text, as they are and as JSON writes them.
 * @param secrets tells which, at each text; a new list where they changed
 */
export function redactor(secrets: () => readonly string[]): Redact {
  let known: readonly string[] = []
  let forms: readonly string[] = []
  return (text) => {
    const now = secrets()
    if (now !== known) forms = formsOf(now)
    known = now
    return forms.reduce((clean, form) => clean.replaceAll(form, STANDS_IN), text)
  }
}

/** The longest first, so that none is left half there. */
function formsOf(secrets: readonly string[]): readonly string[] {
  const long = secrets.filter((secret) => secret.length >= SHORTEST)
  const forms = new Set(long.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]))
  return [...forms].sort((a, b) => b.length - a.length)
}
