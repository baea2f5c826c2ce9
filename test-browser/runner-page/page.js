/** @typedef {{ model: { providerID: string, modelID: string }, system: string, user: string, working: string, persistent: string, monitor: { command?: string } | null, interval: number, maxIterations: number }} Config */
/** @typedef {{ running: boolean, iteration: number, monitorOutput: string, history: Entry[] }} State */
/** @typedef {{ iteration: number, prompt: string, response: string, timestamp: number, error?: string }} Entry */
/** @typedef {{ type: string, state?: State, config?: Config, iteration?: number, output?: string, prompt?: string, response?: string, message?: string }} Told */

const asked = new URLSearchParams(location.search)
/** Where Looper is; nothing: behind the server of this page. */
const API = asked.get('api') ?? ''
const TOKEN = asked.get('token')
const headers = TOKEN === null ? {} : { authorization: `Bearer ${TOKEN}` }

/** @template {HTMLElement} Kind @param {string} id @param {new () => Kind} kind */
function by(id, kind) {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`no ${id}`)
}
const status = by('status', HTMLElement)
const start = by('start', HTMLButtonElement)
const stop = by('stop', HTMLButtonElement)
const model = by('model', HTMLSelectElement)
const monitor = by('monitor', HTMLInputElement)
const interval = by('interval', HTMLInputElement)
const most = by('most', HTMLInputElement)
const texts = /** @type {const} */ (['system', 'user', 'working', 'persistent'])
const area = (/** @type {string} */ id) => by(id, HTMLTextAreaElement)
const show = (/** @type {string} */ id, /** @type {string} */ text) => {
  by(id, HTMLElement).textContent = text
}

/** @param {string} what @param {RequestInit} [init] */
const call = (what, init = {}) =>
  fetch(`${API}/api/${what}`, { ...init, headers: { ...headers, ...init.headers } })
/** @param {string} what @param {object} body */
const post = (what, body) =>
  call(what, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

/** @param {Config} config */
function takeConfig(config) {
  for (const name of texts) area(name).value = config[name]
  const { providerID, modelID } = config.model
  const id = `${providerID}/${modelID}`
  if (![...model.options].some(({ value }) => value === id)) model.add(new Option(id, id))
  model.value = id
  interval.valueAsNumber = config.interval
  most.valueAsNumber = config.maxIterations
  monitor.value = config.monitor?.command ?? ''
}

/** @param {State} state */
function takeState({ running, iteration, monitorOutput }) {
  status.textContent = running ? 'Running' : 'Stopped'
  show('iteration', String(iteration))
  show('monitor-output', monitorOutput)
  start.disabled = running
  stop.disabled = !running
}

async function loadHistory() {
  /** @type {Entry[]} */
  const entries = await (await call('history')).json()
  const rows = entries.toReversed().map(({ iteration, response, error }) => {
    const row = document.createElement('li')
    row.textContent = `#${iteration} ${error ?? response}`
    return row
  })
  by('history', HTMLElement).replaceChildren(...rows)
}

/** @param {Told} told */
function take({ type, state, config, iteration, output, prompt, response, message }) {
  const line = document.createElement('li')
  line.textContent = type
  by('log', HTMLElement).append(line)
  if (state) takeState(state)
  if (config) takeConfig(config)
  if (type === 'iteration') show('iteration', String(iteration))
  if (type === 'monitor') show('monitor-output', String(output))
  if (type === 'prompt') show('prompt', `#${iteration} ${prompt}`)
  if (type === 'response') show('response', `#${iteration} ${response}`)
  if (type === 'error') show('response', `error: ${message}`)
  if (type === 'stopped') {
    status.textContent = 'Stopped'
    start.disabled = false
    stop.disabled = true
  }
  if (state || type === 'stopped') void loadHistory()
}

/** What has a token cannot be an EventSource, which sends none. */
async function readEvents() {
  const { ok, body } = await call('events')
  if (!ok || body === null) return
  let rest = ''
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + text).split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) if (frame.startsWith('data: ')) take(JSON.parse(frame.slice(6)))
  }
}

function listen() {
  if (TOKEN !== null) return readEvents()
  const events = new EventSource(`${API}/api/events`)
  events.onmessage = ({ data }) => take(JSON.parse(data))
  events.onerror = () => {
    status.textContent = 'Disconnected'
  }
}

start.addEventListener('click', async () => {
  const [providerID = '', ...modelID] = model.value.split('/')
  const answer = await post('config', {
    model: { providerID, modelID: modelID.join('/') },
    system: area('system').value,
    user: area('user').value,
    interval: interval.valueAsNumber,
    maxIterations: most.valueAsNumber,
    monitor: monitor.value === '' ? null : { command: monitor.value },
  })
  if (!answer.ok) return show('response', (await answer.json()).error)
  await call('start', { method: 'POST' })
})
stop.addEventListener('click', () => call('stop', { method: 'POST' }))
for (const name of /** @type {const} */ (['working', 'persistent']))
  by(`update-${name}`, HTMLButtonElement).addEventListener('click', () =>
    post(name, { [name]: area(name).value }),
  )

/** @type {{ state: State, config: Config }} */
const { state, config } = await (await call('state')).json()
takeState(state)
takeConfig(config)
await loadHistory()
void listen()
/** @type {{ providerID: string, modelID: string, name: string }[]} */
const models = await (await call('models')).json()
for (const { providerID, modelID, name } of models)
  model.add(new Option(`${providerID}/${name}`, `${providerID}/${modelID}`))
