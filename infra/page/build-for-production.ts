import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** `node build-for-production.ts <folder>`: builds the web app into the folder. */
const [, , outDir = ''] = process.argv
const root = fileURLToPath(new URL('../../web', import.meta.url))
await build({
  configFile: `${root}/vite.config.ts`,
  root,
  logLevel: 'warn',
  build: { outDir, emptyOutDir: true },
})
