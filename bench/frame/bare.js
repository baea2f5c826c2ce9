// What somebody would write in five minutes: the same route with Fastify, and nothing else. Compiled code is kept, as
// Looper keeps its own.
//
// usage: node bench/frame/bare.js CACHE
import { enableCompileCache, flushCompileCache } from 'node:module'

enableCompileCache(process.argv[2])
const { fastify } = await import('fastify')

const app = fastify()
app.get('/health', async () => ({ ok: true }))
console.log(`listens on ${await app.listen({ host: '127.0.0.1', port: 0 })}`)
flushCompileCache()
