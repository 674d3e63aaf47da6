import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'
import { build } from 'esbuild'

// Builds what `npm pack` puts into the package: the client, and the views of each domain. Each entry is one file of
// JavaScript and one of declarations, in which nothing refers to the sources. There are no dependencies.

const here = import.meta.dirname
const root = join(here, '../..')
const dist = join(here, 'dist')
const entries = {
  client: 'shared/client/connect',
  'domains/blog': 'shared/domain/blog/blog-views',
  'domains/market': 'shared/domain/market/market-views',
  'domains/port': 'shared/domain/port/port-views',
  'domains/sensors': 'shared/domain/sensors/sensors-views',
}

await rm(dist, { recursive: true, force: true })
await Promise.all([
  bundleSources(),
  bundleDeclarations(),
  copyFile(join(root, 'LICENSE'), join(here, 'LICENSE')),
])

async function bundleSources() {
  const sources = Object.entries(entries).map(([name, path]) => [name, join(root, `${path}.ts`)])
  await build({
    entryPoints: Object.fromEntries(sources),
    outdir: dist,
    bundle: true,
    splitting: true,
    chunkNames: 'shared/[name]-[hash]',
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    logLevel: 'warning',
  })
}

/** Has the compiler declare every source, and makes one file of what each entry exports. */
async function bundleDeclarations() {
  const folder = await mkdtemp(join(tmpdir(), 'tidewire-client-'))
  try {
    const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))
    await promisify(execFile)(process.execPath, [tsc, '-p', here, '--outDir', folder])
    const manifest = {
      name: '@tidewire/client',
      type: 'module',
      imports: { '#shared/*.ts': './shared/*.d.ts' },
    }
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
    for (const [name, path] of Object.entries(entries))
      bundleDeclaration(folder, join(folder, `${path}.d.ts`), join(dist, `${name}.d.ts`))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function bundleDeclaration(folder, entry, output) {
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'dom'],
    module: 'nodenext',
    types: [],
    strict: true,
    noEmit: true,
    // Sources import `.ts` files. Types of libraries that they name are not needed: no entry exports them.
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  }
  const silent = { default: { logLevel: 'none' } }
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: entry,
      compiler: { overrideTsconfig: { compilerOptions, files: [entry] } },
      dtsRollup: { enabled: true, untrimmedFilePath: output },
      apiReport: { enabled: false },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      // Its advice is for packages that generate their documentation.
      messages: { extractorMessageReporting: silent, tsdocMessageReporting: silent },
    },
  })
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = message.logLevel !== 'error'
    },
  })
  if (!succeeded) throw new Error(`the declarations of ${entry} could not be bundled`)
}
