// Starts the service, small and fast. JavaScript, because the types of a first file would have to be stripped before
// compiled code could be kept, and loading what strips them takes longest of all. Before anything that an old Node does
// not know comes the sentence about that; so nothing is imported by name here, and nothing awaited.

import './node-version.cjs'

const { enableCompileCache, flushCompileCache } = process.getBuiltinModule('node:module')
const path = process.getBuiltinModule('node:path')
const { setFlagsFromString } = process.getBuiltinModule('node:v8')

// V8 lets its young generation grow from 2 to 64 MB under the short-lived strings of each search of the machine, and
// never shrinks it while there is work. Kept as it begins, collections are more frequent and as cheap in all.
setFlagsFromString('--semi-space-growth-factor=1')

// Compiled code is kept from one start to the next, beside the code that it is made of: whoever may write there may
// change the code itself. Where nobody may, as in an image, the start is slower, and that is all. Node keeps versions
// and users apart, and takes nothing that does not fit. `looper serve` of a package names another place.
enableCompileCache(process.argv[2] ?? path.resolve(import.meta.dirname, '../node_modules/.cache/looper'))
void import('./main.ts').then(() => {
  // Now, not at the end: a service that is killed would never keep anything. And once more, with what the first requests
  // have loaded.
  flushCompileCache()
  setTimeout(flushCompileCache, 60_000).unref()
})
