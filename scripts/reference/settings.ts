import { PARTS } from '../../src/config.ts'
import type { Documented, Forms } from '../../src/settings/form.ts'

interface Section {
  readonly title: string
  readonly settings: readonly (readonly [name: string, setting: Documented])[]
}

const HEAD = `# Looper's settings. Copy this file to .env and change what you need; as it is, it changes nothing.
# Relative paths start at this directory, and a leading ~ is your home. An empty value counts as not set.
# One NAME=value a line, in UTF-8. A value that holds a # or a quote, or several lines, goes into one pair of quotes.
# Variables such as $HOME are not looked up. What cannot be read so is told at the start.`
const FOOT = `# --- Network ${'-'.repeat(88)}

# HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as curl reads them, and NODE_EXTRA_CA_CERTS, a file of certificates (PEM), may stand
# here, too.`
const WIDTH = 120

/** The settings of all owners by their headings, each heading once; an owner without settings has no say in their order. */
function sections(): readonly Section[] {
  const owners = PARTS.filter(({ forms }) => Object.keys(forms).length > 0)
  const titles = [...new Set(owners.map(({ title }) => title))]
  return titles.map((title) => {
    const forms: Forms = Object.assign(
      {},
      ...owners.filter((part) => part.title === title).map((part) => part.forms),
    )
    return { title, settings: Object.entries(forms) }
  })
}

/** The tables of `docs/settings.md`. */
export function settingsTables(): string {
  const tables = sections().map(({ title, settings }) => {
    const rows = settings.map(([name, { byDefault, about }]) => `| \`${name}\` | ${byDefault} | ${about} |`)
    return [`## ${title}`, '', '| setting | default | meaning |', '|---|---|---|', ...rows].join('\n')
  })
  return tables.join('\n\n')
}

/** `.env.example`. */
export function envExample(): string {
  const parts = sections().map(({ title, settings }) => {
    const line = `# --- ${title} ${'-'.repeat(Math.max(3, 95 - title.length))}`
    return [line, ...settings.map(([name, setting]) => `${comment(setting)}\n${example(name, setting)}`)]
  })
  return `${[HEAD, ...parts.flat(), FOOT].join('\n\n')}\n`
}

function example(name: string, { byDefault, example: given }: Documented): string {
  return given === null ? `${name}=${plain(byDefault)}` : `# ${name}=${given}`
}

/** What a setting means, and what holds without it where the line under it does not say so. */
function comment({ about, byDefault, example: given }: Documented): string {
  const meaning = sentence(plain(about))
  const otherwise = given === null || byDefault === 'none' ? '' : ` Default: ${plain(byDefault)}.`
  return wrapped(`${meaning}${otherwise}`)
}

const plain = (markdown: string) => markdown.replace(/\[([^\]]+)\]\(([^)]+)\)/g, '$1').replaceAll('`', '')

const sentence = (text: string) => `${text[0]?.toUpperCase()}${text.slice(1)}.`

function wrapped(text: string): string {
  const lines = ['#']
  for (const word of text.split(' ')) {
    const last = `${lines.at(-1)}`
    if (last.length + word.length + 1 > WIDTH) lines.push(`# ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.join('\n')
}
