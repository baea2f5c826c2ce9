// A thread's whole work: tells what is broken in a ledger, `ok` where nothing is. JavaScript, so that the thread is
// spared the loading of what strips types.

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const db = new DatabaseSync(workerData, { readOnly: true })
parentPort.postMessage(db.prepare('PRAGMA quick_check(1)').get().quick_check)
db.close()
