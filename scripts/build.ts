import { spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import path from 'node:path'

/** Makes `dist/` of `src/`, for the package: Node does not run TypeScript under `node_modules`. */

const PROJECT = path.resolve(import.meta.dirname, '..')
const [src, dist] = [path.join(PROJECT, 'src'), path.join(PROJECT, 'dist')]
const tsc = path.join(PROJECT, 'node_modules/typescript/bin/tsc')

rmSync(dist, { recursive: true, force: true })
// What needs no compiling goes with it: the wrapper, and whatever pages are made of.
cpSync(src, dist, { recursive: true, filter: (file) => !file.endsWith('.ts') })
const { status } = spawnSync(process.execPath, [tsc, '-p', path.join(PROJECT, 'tsconfig.build.json')], {
  stdio: 'inherit',
})
process.exitCode = Number(status !== 0)
