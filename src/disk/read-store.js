// A thread's whole work: asks an agent's database about its sessions, which may take a while, and changes nothing. JavaScript, so
// that the thread is spared the loading of what strips types.

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const { file, sizes, ids } = workerData
const db = new DatabaseSync(file, { readOnly: true })
db.exec('PRAGMA busy_timeout = 2000')
parentPort.postMessage(db.prepare(sizes).all({ ids }))
db.close()
