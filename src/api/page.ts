import { createHash } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { html } from './html.ts'
import { style } from './page-style.ts'
import { fieldsOf, Schema, typeOf } from './schema-text.ts'

/** As much of an OpenAPI document as the page shows. */
const ApiDocument = Type.Object({
  info: Type.Object({ title: Type.String(), version: Type.String(), description: Type.String() }),
  tags: Type.Array(Type.Object({ name: Type.String(), description: Type.String() })),
  paths: Type.Record(
    Type.String(),
    Type.Record(
      Type.String(),
      Type.Object({
        summary: Type.String(),
        description: Type.String(),
        tags: Type.Array(Type.String()),
        security: Type.Array(Type.Object({ bearer: Type.Array(Type.String()) })),
        parameters: Type.Optional(
          Type.Array(
            Type.Object({
              name: Type.String(),
              in: Type.String(),
              description: Type.Optional(Type.String()),
              schema: Schema,
            }),
          ),
        ),
        requestBody: Type.Optional(
          Type.Object({ content: Type.Record(Type.String(), Type.Object({ schema: Schema })) }),
        ),
        responses: Type.Record(
          Type.String(),
          Type.Object({
            description: Type.String(),
            content: Type.Optional(Type.Record(Type.String(), Type.Object({ schema: Schema }))),
          }),
        ),
      }),
    ),
  ),
  components: Type.Object({ schemas: Type.Record(Type.String(), Schema) }),
})
type ApiDocument = Static<typeof ApiDocument>
type Operation = ApiDocument['paths'][string][string]

/** The page's policy: nothing runs, nothing is loaded, its own style alone applies. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** An OpenAPI document as a page that needs neither scripts nor anything else from anywhere. */
export function renderPage(document: unknown): string {
  const { info, tags, paths, components } = Value.Parse(ApiDocument, document)
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
<p>The same as an <a href="openapi.json">OpenAPI document</a>.</p></header>
<nav><ul>${operations.map(({ path, method, operation }) => {
    return html`<li><a href="#${anchorOf(method, path)}"><b>${method.toUpperCase()}</b> ${path}</a> ${operation.summary}</li>`
  })}</ul></nav>
<main>${groups.map(({ tag, members }) => {
    return html`<h2>${tag.name}</h2><p>${tag.description}</p>${members.map(({ path, method, operation }) =>
      section(method, path, operation),
    )}`
  })}
<h2>Failures</h2>${Object.entries(components.schemas).map(([name, schema]) => {
    return html`<article id="${name}"><h3>${name}</h3><p>${schema.description ?? ''}</p>${fieldTable(schema)}</article>`
  })}</main>
</body>
</html>
`
  return page.text
}

function section(method: string, path: string, operation: Operation) {
  const { summary, description, security, parameters = [], requestBody, responses } = operation
  const scopes = security.flatMap(({ bearer }) => bearer)
  return html`<article id="${anchorOf(method, path)}">
<h3><b>${method.toUpperCase()}</b> <code>${path}</code></h3>
<p><strong>${summary}.</strong> ${description}</p>
<p>${scopes.length > 0 ? html`Token of scope <code>${scopes.join(' ')}</code>.` : 'No token.'}</p>
${parameters.length > 0 ? html`<h4>Parameters</h4>${table(parameters.map((one) => [one.name, `${one.in}: ${typeOf(one.schema)}`, one.description ?? '']))}` : ''}
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

function table(rows: readonly (readonly [name: string, type: string, text: string])[]) {
  return html`<div class="scroll"><table>${rows.map(([name, type, text]) => {
    return html`<tr><th scope="row"><code>${name}</code></th><td><code>${type}</code></td><td>${text}</td></tr>`
  })}</table></div>`
}

const anchorOf = (method: string, path: string) =>
  `${method}${path.replaceAll(/[{}]/g, '')}`.replaceAll('/', '-')
