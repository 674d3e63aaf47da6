import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const PLANTED = 'planted-7f3a9c1e5b2d4860'

/** Variables of the machine that deploys, of which none may reach what is deployed. */
const VARIABLES = [
  'RECORD_SECRET',
  'RECORD_SECRET_2',
  'WEBHOOK_SECRET_GITHUB',
  'WEBHOOK_SECRET_STRIPE',
  'WEBHOOK_VERIFY_META',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'KAFKA_PASSWORD',
  'TIDEWIRE_KEY',
]

it('secrets of the machine that deploys are in no template, no state file and no bundle', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidewire-planted-'))
  try {
    const planted = Object.fromEntries(VARIABLES.map((name) => [name, `${PLANTED}-${name}`]))
    // A parameter that a stage had before its secrets were in Secrets Manager.
    const params = ['kafka=serverless', `recordSecrets=${PLANTED}-param`].map((param) => `--param=${param}`)
    const framework = createRequire(import.meta.url).resolve('serverless/bin/serverless.js')
    const command = ['package', '--stage', 'prod', '--package', folder, ...params]
    await run(resolve('node_modules/.bin/node'), [framework, ...command], {
      env: { ...process.env, ...planted, SLS_TELEMETRY_DISABLED: '1' },
      maxBuffer: 64 * 1024 * 1024,
    })

    const artifacts = (await readdir(folder)).sort()
    expect(artifacts).toContain('cloudformation-template-update-stack.json')
    expect(artifacts).toContain('serverless-state.json')
    expect(artifacts.filter((name) => name.endsWith('.zip')).length).toBeGreaterThan(15)
    const found = await Promise.all(
      artifacts.map(async (name) => ((await contentOf(join(folder, name))).includes(PLANTED) ? [name] : [])),
    )
    expect(found.flat()).toEqual([])
    const template = await readFile(join(folder, 'cloudformation-template-update-stack.json'), 'utf8')
    expect(template).toContain('"RECORD_SECRET_ARN"')
    expect(template).not.toContain('"RECORD_SECRET"')
    expect(template).not.toContain('"RECORD_SECRET_2"')
  } finally {
    await rm(folder, { recursive: true })
  }
})

async function contentOf(path: string): Promise<string> {
  if (!path.endsWith('.zip')) return readFile(path, 'utf8')
  const { stdout } = await run('unzip', ['-p', path], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
}
