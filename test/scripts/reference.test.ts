import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { referenceFiles } from '../../scripts/reference/files.ts'
import { PROJECT } from '../helpers/service.ts'

t.test(
  'what outsiders rely on is what the documents say: "npm run reference" writes them anew',
  async (t) => {
    for (const [file, text] of await referenceFiles(PROJECT, t.testdir()))
      t.equal(readFileSync(path.join(PROJECT, file), 'utf8'), text, file)
  },
)
