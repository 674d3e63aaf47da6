import { glob, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { parse } from 'yaml'

type EsbuildSettings = Pick<BuildOptions, 'minify' | 'target' | 'mainFields' | 'banner'> & {
  readonly exclude: string[]
}

export type Bundle = { readonly name: string; readonly path: string; readonly bytes: number }

/** Returns the options of esbuild that serverless.yml sets, as `npm run package` uses them. */
export async function readEsbuildOptions() {
  const service = parse(await readFile('serverless.yml', 'utf8')) as { custom: { esbuild: EsbuildSettings } }
  const { exclude: external, minify, target, mainFields, banner } = service.custom.esbuild
  return {
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
    external,
    minify,
    target,
    mainFields,
    banner,
  } as BuildOptions
}

/** Bundles every function into `folder` with the settings of serverless.yml. */
export async function bundleFunctions(folder: string): Promise<Bundle[]> {
  const options = await readEsbuildOptions()
  const sources: string[] = []
  for await (const source of glob('functions/*.ts', { exclude: ['**/*.test.ts'] })) sources.push(source)
  const bundle = async (source: string): Promise<Bundle> => {
    const name = basename(source, '.ts')
    const path = join(folder, `${name}.mjs`)
    const { metafile } = await build({ ...options, entryPoints: [source], outfile: path, metafile: true })
    const bytes = Object.values(metafile.outputs).reduce((total, output) => total + output.bytes, 0)
    return { name, path, bytes }
  }
  return Promise.all(sources.sort().map(bundle))
}
