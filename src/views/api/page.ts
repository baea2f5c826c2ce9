import { createHash } from 'node:crypto'
import { curlOf } from './curl.ts'
import { html } from './html.ts'
import { style } from './page-style.ts'
import { type Field, fieldsOf, type Schema, typeOf } from './schema-text.ts'

/** As much of an OpenAPI document as the page shows. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

interface Operation {
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly security: readonly { readonly bearer: readonly string[] }[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly schema: Schema
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>

/** The page's policy: nothing runs, nothing is loaded, its own style alone applies. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/**
 * An OpenAPI document as a page that needs neither scripts nor anything else from anywhere.
 * @param base where its reader found the service: the origin, without a path
 */
export function renderPage({ info, tags, paths, components }: ApiDocument, base: string): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const groups = tags.map((tag) => ({
    tag,
    members: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }))
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} API</title>
<style>${style}</style>
</head>
<body>
<header><h1>${info.title} API <small>${info.version}</small></h1>
<p>${info.description}</p>
<p>The same as an <a href="openapi.json">OpenAPI document</a>. To the <a href="./">dashboard</a>.</p></header>
<nav><ul>${operations.map(({ path, method, operation }) => {
    return html`<li><a href="#${anchorOf(method, path)}"><b>${method.toUpperCase()}</b> ${path}</a> ${operation.summary}</li>`
  })}</ul></nav>
<main>${groups.map(({ tag, members }) => {
    return html`<h2>${tag.name}</h2><p>${tag.description}</p>${members.map(({ path, method, operation }) =>
      section(base, method, path, operation),
    )}`
  })}
<h2>Failures</h2>${Object.entries(components.schemas).map(([name, schema]) => {
    return html`<article id="${name}"><h3>${name}</h3><p>${schema.description}</p>${fieldTable(schema)}</article>`
  })}</main>
</body>
</html>
`
  return page.text
}

function section(base: string, method: string, path: string, operation: Operation) {
  const { summary, description, security, parameters = [], requestBody, responses } = operation
  const scopes = security.flatMap(({ bearer }) => bearer)
  const curl = curlOf({
    base,
    method,
    path,
    needsToken: scopes.length > 0,
    body: requestBody?.content ?? {},
    isStream: Object.values(responses).some(
      ({ content = {} }) => Object.keys(content).join() === 'text/event-stream',
    ),
  })
  return html`<article id="${anchorOf(method, path)}">
<h3><b>${method.toUpperCase()}</b> <code>${path}</code></h3>
<p><strong>${summary}.</strong> ${description}</p>
<pre><code>${curl}</code></pre>
<p>${scopes.length > 0 ? html`Token of scope <code>${scopes.join(' ')}</code>.` : 'No token.'}</p>
${parameters.length > 0 ? html`<h4>Parameters</h4>${table(parameters.map((one) => [one.name, `${one.in}: ${typeOf(one.schema)}`, one.description]))}` : ''}
${Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => html`<h4>Body <small>${type}</small></h4>${fieldTable(schema)}`)}
<h4>Answers</h4>${Object.entries(responses).map(([status, answer]) => answerOf(status, answer))}
</article>`
}

function answerOf(status: string, { description, content = {} }: Operation['responses'][string]) {
  const kinds = Object.entries(content)
  return html`<details><summary><b>${status}</b> ${kinds.map(([type, { schema }]) => `${type} ${typeOf(schema)}`).join(', ')}</summary>
${description.split('\n').map((line) => html`<p>${line}</p>`)}${kinds.map(([, { schema }]) => fieldTable(schema))}</details>`
}

function fieldTable(schema: Schema) {
  const fields = fieldsOf(schema)
  return fields.length > 0 ? table(fields) : ''
}

function table(rows: readonly Field[]) {
  return html`<div class="scroll"><table>${rows.map(([name, type, text]) => {
    return html`<tr><th scope="row"><code>${name}</code></th><td><code>${type}</code></td><td>${text}</td></tr>`
  })}</table></div>`
}

const anchorOf = (method: string, path: string) =>
  `${method}${path.replaceAll(/[{}]/g, '')}`.replaceAll('/', '-')
