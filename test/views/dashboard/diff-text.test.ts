import t from 'tap'
import { inColours } from '../../../src/views/dashboard/page/diff-text.js'

const DIFF = `diff --git a/x b/x
index 1..2 100644
--- a/x
+++ b/x
@@ -1,3 +1,3 @@ f()
 same
--- not a name
+++ nor this
diff --git a/y b/y
Binary files a/y and b/y differ
`

t.test('lines have the colours of what they are', async (t) => {
  const { text, isCut } = inColours(DIFF, 100)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what was added.
  const colours = text.split('\n').map((line) => /^\u001b\[(\d+)m.*\u001b\[0m$/.exec(line)?.[1] ?? '')
  t.strictSame(colours, ['1', '1', '1', '1', '36', '', '31', '32', '1', '1', ''])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what was added.
  t.equal(text.replaceAll(/\u001b\[\d+m/g, ''), DIFF)
  t.equal(isCut, false)
})

t.test('what a terminal would obey is shown, and so much is shown at most', async (t) => {
  const { text, isCut } = inColours('+a\u001b[2Jb\rc\u009b0m\u007f\td\r\n+2\n+3', 2)
  t.equal(text, '\u001b[32m+a␛[2Jb␍c\ufffd0m\ufffd\td␍\u001b[0m\n\u001b[32m+2\u001b[0m')
  t.equal(isCut, true)
})
