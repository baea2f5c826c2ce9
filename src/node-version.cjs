// The first thing that any Node loads here, also an old one, which would else say something about a word of its day that is
// not its own: so the words of this file, and of those that load it, are old ones.

const [major, minor] = process.versions.node.split('.').map(Number)
// As package.json has it.
const isNew = major > 24 || (major === 24 && minor >= 2)

if (!isNew || !process.features.typescript) {
  const fault = isNew ? 'does not run TypeScript' : 'is too old for Looper, which needs 24.2 or newer'
  process.stderr.write(
    `looper: Node ${process.versions.node} ${fault}.
"npm ci --include=dev --ignore-scripts=false" in Looper's directory brings the right one along, and "npm start" takes it;
or install Node 24.
`,
  )
  // sysexits.h: a configuration error, so that no supervisor starts it again and again.
  process.exit(78)
}
