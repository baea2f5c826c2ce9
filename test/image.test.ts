import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { PROJECT } from './helpers/service.ts'

const dockerfile = readFileSync(path.join(PROJECT, 'Dockerfile'), 'utf8')

t.test(
  'the health check of the image asks the service itself, whatever proxy the container is told of',
  async (t) => {
    const [, check = ''] = /^HEALTHCHECK CMD (.*)$/m.exec(dockerfile) ?? []
    // Each of its arguments a line.
    const curl = 'curl() { printf "%s\\n" "$@"; }'
    const { stdout } = spawnSync('sh', ['-c', `${curl}\n${check}`], { encoding: 'utf8', env: {} })
    t.match(stdout, '--noproxy\n*\n')
    t.match(stdout, 'http://127.0.0.1:3456/health\n')
  },
)

t.test('nothing stands between the init of the image and the service', async (t) => {
  t.match(dockerfile, /^ENTRYPOINT \["tini", "--"\]$/m)
  t.match(dockerfile, /^CMD \["node", "--env-file-if-exists=\.env", "src\/start\.js"\]$/m)
})

t.test('only what the image is made of is sent to whoever builds it', async (t) => {
  const [first, ...sent] = readFileSync(path.join(PROJECT, '.dockerignore'), 'utf8').trim().split('\n')
  t.equal(first, '*')
  const copied = [...dockerfile.matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, files = '']) => files.split(' '))
  t.strictSame(sent.toSorted(), copied.map((file) => `!${file}`).toSorted())
})

t.test('the image has the command, on PATH', async (t) => {
  t.match(dockerfile, /^COPY bin \.\/bin$/m)
  t.match(dockerfile, /^RUN ln -s \/looper\/bin\/looper\.js \/usr\/local\/bin\/looper$/m)
})
