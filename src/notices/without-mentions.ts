/** A text from elsewhere that calls nobody where people read it: no one, no group, not everybody (`@**all**`, `@_**Ada**`, `@*team*`). */
export function withoutMentions(text: string): string {
  return text.replace(/@(?=_?\*)/g, '@\u200b')
}
