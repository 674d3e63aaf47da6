import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readdir, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Resource } from '../../infra/cloudformation.ts'
import type { Combination } from './combinations.ts'

export type PackagedTemplate = {
  readonly name: string
  readonly stage: string
  /** The file of the template, in the folder that was given. */
  readonly file: string
  readonly text: string
  readonly template: { readonly Resources: Readonly<Record<string, Resource>> }
}

const run = promisify(execFile)

/**
 * Packages the template of a stage in a new folder in `parent`, without its functions. Rejects with what the framework
 * wrote if it cannot be packaged.
 */
export async function packageTemplate(
  { name, stage, params }: Combination,
  parent: string,
): Promise<PackagedTemplate> {
  const folder = await folderOfLinks(parent)
  const framework = createRequire(import.meta.url).resolve('serverless/bin/serverless.js')
  const given = Object.entries(params).map(([key, value]) => `--param=${key}=${value}`)
  await run(resolve('node_modules/.bin/node'), [framework, 'package', '--stage', stage, ...given], {
    cwd: folder,
    env: {
      ...process.env,
      TIDEWIRE_PLUGIN: './tests/deploy/template-plugin.ts',
      SLS_TELEMETRY_DISABLED: '1',
    },
  })
  const file = join(folder, '.serverless', 'cloudformation-template-update-stack.json')
  const text = await readFile(file, 'utf8')
  return { name, stage, file, text, template: JSON.parse(text) }
}

/** The framework works in `.serverless` of the folder of serverless.yml, so two of them need two such folders. */
async function folderOfLinks(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, 'package-'))
  const entries = (await readdir('.')).filter((entry) => !/^\.|^serverless\.yml$/.test(entry))
  await Promise.all(entries.map((entry) => symlink(resolve(entry), join(folder, entry))))
  await copyFile('serverless.yml', join(folder, 'serverless.yml'))
  return folder
}
