import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { withCommon } from '../../../src/views/dashboard/common.ts'
import { trimmed } from '../../../src/views/dashboard/trim.ts'
import { buildTestApp } from '../../helpers/app.ts'
import { PROJECT } from '../../helpers/service.ts'

const PAGE = path.join(PROJECT, 'src/views/dashboard/page')
const own = (extension: string) => readdirSync(PAGE).filter((name) => name.endsWith(extension))

/** All tokens of a script, texts and expressions as they are written, without comments. */
function tokens(text: string): string[] {
  const file = ts.createSourceFile('page.js', text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS)
  const found: string[] = []
  const visit = (node: ts.Node) => {
    if (ts.isJSDoc(node)) return
    const children = node.getChildren(file)
    if (children.length === 0) found.push(node.getText(file))
    else children.forEach(visit)
  }
  visit(file)
  return found
}

t.test('every script that is sent says what its file says, and is smaller', async (t) => {
  const { app } = await buildTestApp(t)
  for (const name of own('.js')) {
    const text = readFileSync(path.join(PAGE, name), 'utf8')
    const sent = (await app.inject(`/dashboard/${name}`)).body
    const { diagnostics } = ts.transpileModule(sent, { fileName: name, reportDiagnostics: true })
    t.same(diagnostics, [], `${name} parses`)
    t.same(tokens(sent), tokens(text), name)
    t.ok(sent.length < text.length, `${name} is smaller`)
    t.notMatch(sent, /^\s*(\/\/|\/\*\*?[^/]*\*\/$| )/m, `${name} has no comment lines and no indentation`)
  }
})

t.test('the page and its styles say what their files say', async (t) => {
  const { app } = await buildTestApp(t)
  const said = (text: string) =>
    text
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\s+/g, ' ')
      .trim()
  const read = (name: string) => readFileSync(path.join(PAGE, name), 'utf8')
  const page = withCommon(read('index.html'), read)
  t.equal(said((await app.inject('/')).body), said(page.replace(/<!--[\s\S]*?-->/g, '')))
  t.notMatch(page, /<(pre|textarea)\b[^>]*>[^<]*\n/, 'nothing in it keeps its spaces')
  for (const name of own('.css')) {
    const text = readFileSync(path.join(PAGE, name), 'utf8')
    t.equal(said(trimmed(text, '.css')), said(text), name)
  }
})

t.test('what may be a text stays', async (t) => {
  const same = (script: string) => t.equal(trimmed(script, '.js'), script)
  same('const a = `\n  // not a comment\n`\n')
  same("const a = 'b \\\n  c'\n")
  t.equal(trimmed('  /** a\n   * b */\n  c() // d\n\n\n  /* e */ f()\n', '.js'), 'c() // d\n/* e */ f()\n')
  t.equal(trimmed("  const a = '// b', c = /\\/\\*/\n  // d\n", '.js'), "const a = '// b', c = /\\/\\*/\n")
  t.equal(trimmed('  <!-- a\n b -->\n  <p> b </p>\n', '.html'), '<p> b </p>\n')
  t.equal(trimmed('  { "a": 1 }\n', '.webmanifest'), '  { "a": 1 }\n')
})
