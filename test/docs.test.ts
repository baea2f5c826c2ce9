import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { PROJECT } from './helpers/service.ts'

const docs = [
  'README.md',
  'AGENTS.md',
  ...readdirSync(path.join(PROJECT, 'docs')).map((name) => `docs/${name}`),
]
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ file, text: readFileSync(path.join(PROJECT, file), 'utf8') }))

/** The anchors of a page, as GitHub and GitLab make them of its headings. */
function anchorsOf(file: string): string[] {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

t.test('every link within the docs leads to a file that is there, and to a heading in it', async (t) => {
  for (const { file, text } of docs) {
    for (const [, target = ''] of text.matchAll(/\]\(((?!https?:)[^)\s]+)\)/g)) {
      const [name = '', anchor] = target.split('#')
      const page = name === '' ? file : path.join(path.dirname(file), name)
      if (!existsSync(path.join(PROJECT, page))) t.fail(`${file}: ${target}`)
      else if (anchor !== undefined)
        t.ok(anchorsOf(path.join(PROJECT, page)).includes(anchor), `${file}: ${target}`)
    }
  }
})

t.test('every test that the docs name is there', async (t) => {
  for (const { file, text } of docs) {
    for (const [, name = ''] of text.matchAll(/`([\w/-]+\.test\.ts)`/g)) {
      const places = [name, path.join('test/faults', name)]
      t.ok(
        places.some((place) => existsSync(path.join(PROJECT, place))),
        `${file}: ${name}`,
      )
    }
  }
})
