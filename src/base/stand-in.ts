import Module, { createRequire } from 'node:module'

/**
 * Puts exports in place of a CommonJS module that a package would load, which is then never loaded: for a package that
 * brings far more code along than it uses. To be called before the package itself is loaded; it holds for the process.
 * @param specifier the module, as the package names it
 * @param packageName whose module resolution counts
 * @param exportsOf makes the exports; it gets what loads modules as the package would
 */
export function standInFor(
  specifier: string,
  packageName: string,
  exportsOf: (require: NodeJS.Require) => object,
): void {
  const require = createRequire(createRequire(import.meta.url).resolve(packageName))
  const module = new Module(require.resolve(specifier))
  module.exports = exportsOf(require)
  module.loaded = true
  // nodejs.org/api/modules.html, "require.cache": entries may be added.
  require.cache[module.id] = module
}
