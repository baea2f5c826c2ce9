/** Text that is HTML already. */
export class Html {
  readonly text: string

  /** @param text HTML, as it is sent */
  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in a template; undefined stands for nothing. */
export type Part = string | undefined | Html | readonly Part[]

/** HTML from a template; whatever is put into it is escaped, unless it is HTML itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(textOf)))
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(textOf).join('')
  return String(part ?? '').replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
