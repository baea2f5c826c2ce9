import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { bare } from '../../../src/views/dashboard/bare.ts'
import { PROJECT } from '../../helpers/service.ts'

const PAGE = path.join(PROJECT, 'src/views/dashboard/page')

/** Every token of a script, as it stands there. */
function tokensOf(text: string): string[] {
  const file = ts.createSourceFile('page.js', text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS)
  const tokens: string[] = []
  const walk = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return
    if (node.getChildCount(file) === 0) tokens.push(node.getText(file))
    else node.getChildren(file).forEach(walk)
  }
  walk(file)
  return tokens
}

t.test('comments and indentation go, and nothing else', async (t) => {
  t.equal(
    bare(
      '/**\n * A comment.\n */\n  a()\n\n// one\n/* two */\nconst b = /** @type {B} */ (c) // d\n/** @type {E} */ (f).g\n',
    ),
    'a()\nconst b = /** @type {B} */ (c) // d\n/** @type {E} */ (f).g\n',
  )
})

t.test('of every script of the page all is left that a browser reads', async (t) => {
  for (const name of readdirSync(PAGE).filter((file) => file.endsWith('.js'))) {
    const source = readFileSync(path.join(PAGE, name), 'utf8')
    t.strictSame(tokensOf(bare(source)), tokensOf(source), name)
  }
})

t.test('of every style sheet likewise', async (t) => {
  const plain = (text: string) =>
    text
      .replace(/\/\*.*?\*\//gs, '')
      .replace(/\s+/g, ' ')
      .trim()
  for (const name of readdirSync(PAGE).filter((file) => file.endsWith('.css'))) {
    const source = readFileSync(path.join(PAGE, name), 'utf8')
    t.equal(plain(bare(source)), plain(source), name)
  }
})
