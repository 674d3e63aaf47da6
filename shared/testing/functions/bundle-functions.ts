import { glob, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { parse } from 'yaml'

type EsbuildSettings = {
  readonly minify: boolean
  readonly target: string
  readonly mainFields: string[]
  readonly exclude: string[]
  readonly banner: { readonly js: string }
}

export type Bundle = { readonly name: string; readonly path: string; readonly bytes: number }

/** Bundles every function into `folder` with the settings of serverless.yml, as `npm run package` does. */
export async function bundleFunctions(folder: string): Promise<Bundle[]> {
  const { custom } = parse(await readFile('serverless.yml', 'utf8')) as {
    custom: { esbuild: EsbuildSettings }
  }
  const { exclude, minify, target, mainFields, banner } = custom.esbuild
  const sources: string[] = []
  for await (const source of glob('functions/*.ts', { exclude: ['**/*.test.ts'] })) sources.push(source)
  const bundle = async (source: string): Promise<Bundle> => {
    const name = basename(source, '.ts')
    const path = join(folder, `${name}.mjs`)
    const { metafile } = await build({
      entryPoints: [source],
      outfile: path,
      bundle: true,
      metafile: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
      external: exclude,
      minify,
      target,
      mainFields,
      banner,
    })
    const bytes = Object.values(metafile.outputs).reduce((total, output) => total + output.bytes, 0)
    return { name, path, bytes }
  }
  return Promise.all(sources.sort().map(bundle))
}
