/** Replaces secrets wherever they stand in a text. */
export type Redact = (text: string) => string

const STANDS_IN = '[redacted]'
/** A shorter secret would tear harmless words apart; a token this short protects nothing. */
const SHORTEST = 6

/** Takes these values out of every text, as they are and as JSON writes them. */
export function redactor(secrets: readonly (string | null | undefined)[]): Redact {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (!secret || secret.length < SHORTEST) continue
    forms.add(secret)
    forms.add(JSON.stringify(secret).slice(1, -1))
  }
  // The longest first, so that none is left half there.
  const values = [...forms].sort((a, b) => b.length - a.length)
  return (text) => values.reduce((clean, value) => clean.replaceAll(value, STANDS_IN), text)
}
