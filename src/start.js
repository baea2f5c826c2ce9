// Starts the service with V8's compiled code kept from one start to the next. JavaScript, because the types of a first
// file would have to be stripped before anything could be kept, and loading what strips them takes longest of all.

import { enableCompileCache, flushCompileCache } from 'node:module'
import path from 'node:path'

// Beside the code that it is made of: whoever may write there may change the code itself. Where nobody may, as in an
// image, the start is slower, and that is all. Node keeps versions and users apart, and takes nothing that does not fit.
enableCompileCache(path.resolve(import.meta.dirname, '../node_modules/.cache/looper'))
await import('./main.ts')
// Now, not at the end: a service that is killed would never keep anything.
flushCompileCache()
