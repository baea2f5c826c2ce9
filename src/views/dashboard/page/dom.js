/** @typedef {Node | string} Child */

/**
 * An element. Text goes in as text: nothing here, or anywhere in the page, reads HTML.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Record<string, string>} attributes @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** One of the icons of the page. @param {string} name */
export function icon(name) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  made.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use')
  use.setAttribute('href', `#i-${name}`)
  made.append(use)
  return made
}

/**
 * The element that the page calls so.
 * @template {Element} Kind
 * @param {ParentNode} root @param {string} name @param {new () => Kind} kind
 * @returns {Kind}
 */
export function part(root, name, kind) {
  const found = root.querySelector(`[data-part="${name}"]`)
  if (found instanceof kind) return found
  throw new Error(`the page has no part '${name}'`)
}

/** A copy of a template's content. @param {string} id */
export function copyOf(id) {
  const template = document.getElementById(id)
  if (template instanceof HTMLTemplateElement) return template.content.cloneNode(true)
  throw new Error(`the page has no template '${id}'`)
}

/** Rows of a description list. @param {[string, Child | null][]} rows those without a value are left out */
export function rows(rows) {
  return rows.flatMap(([name, value]) =>
    value === null ? [] : [element('div', {}, element('dt', {}, name), element('dd', {}, value))],
  )
}

/** Tells those who cannot see it. @param {string} text */
export function announce(text) {
  const announcer = document.getElementById('announcer')
  if (announcer) announcer.textContent = text
}
