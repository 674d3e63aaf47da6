import { copyFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'

/**
 * Builds what `npm pack` puts into the package: the plugin and the thread of the broker, each in one file with what
 * it takes from `localstack/`. kafkajs and fzstd are not bundled: npm installs them as dependencies.
 */
const here = import.meta.dirname
const dist = join(here, 'dist')
const root = join(here, '../..')

// The bundled broker thread has another name than its source.
const renameWorker: Plugin = {
  name: 'rename-worker',
  setup({ onLoad }) {
    onLoad({ filter: /start-broker-worker\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const contents = source.replace("'./broker-worker.ts'", "'./broker-worker.mjs'")
      if (contents === source) throw new Error(`${path} no longer starts ./broker-worker.ts`)
      return { contents, loader: 'ts' }
    })
  },
}

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  external: ['kafkajs', 'kafkajs/*', 'fzstd'],
  alias: { 'node:zlib': join(here, 'src/node-20-zlib.ts') },
  inject: [join(here, 'src/node-20.ts')],
  define: { 'Promise.withResolvers': 'withResolvers', 'Map.groupBy': 'groupBy' },
  logLevel: 'warning',
}

await rm(dist, { recursive: true, force: true })
await Promise.all([
  build({
    ...common,
    entryPoints: [join(here, 'src/plugin.ts')],
    outfile: join(dist, 'plugin.cjs'),
    format: 'cjs',
    plugins: [renameWorker],
    define: { ...common.define, 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    // The framework takes what `require` returns for the plugin.
    footer: { js: 'module.exports = module.exports.default;' },
  }),
  build({
    ...common,
    entryPoints: [join(root, 'localstack/broker/broker-worker.ts')],
    outfile: join(dist, 'broker-worker.mjs'),
    format: 'esm',
  }),
])
await Promise.all([
  // A file of types alone is its own declaration. The package's main is CommonJS, and so are its types.
  copyFile(join(here, 'src/options.ts'), join(dist, 'options.d.cts')),
  copyFile(join(root, 'LICENSE'), join(here, 'LICENSE')),
])
