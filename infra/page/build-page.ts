import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** The inputs of the build. If they have not changed, the last build is used. */
const SOURCES = ['web', 'shared', 'infra/page/build-for-production.ts', 'package-lock.json', 'package.json']
const IGNORED = /node_modules|\.test\.tsx?$|[\\/]dist[\\/]/
/** The maximum number of builds that are kept, because other stacks may still serve them. */
const KEPT = 4

/**
 * Builds the web page for production, unless the same sources were built before, and returns the folder of the build.
 */
export async function buildPage(cache = join(ROOT, 'node_modules/.cache/tidewire-web')): Promise<string> {
  const target = join(cache, await hashSources())
  if (await exists(target)) return target
  const building = `${target}.${process.pid}`
  await buildForProduction(building)
  // If another stack has built the same sources meanwhile, its build is used.
  await rename(building, target).catch(() => rm(building, { recursive: true, force: true }))
  await removeOld(cache)
  return target
}

/**
 * In a process of its own, because the bundler would keep 350 MB of this one. Test runners set NODE_ENV to `test`, with
 * which Vite would bundle React's development build.
 */
async function buildForProduction(outDir: string): Promise<void> {
  const script = fileURLToPath(new URL('build-for-production.ts', import.meta.url))
  await promisify(execFile)(process.execPath, [script, outDir], {
    env: { ...process.env, NODE_ENV: 'production' },
  })
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const source of SOURCES)
    for (const file of await filesOf(join(ROOT, source))) hash.update(file).update(await readFile(file))
  return hash.digest('hex').slice(0, 16)
}

async function filesOf(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !IGNORED.test(file.slice(ROOT.length)))
    .sort()
}

async function removeOld(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true })
  const names = await readdir(cache)
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(cache, name))).mtimeMs })),
  )
  const old = dated.sort((a, b) => b.at - a.at).slice(KEPT)
  await Promise.all(old.map(({ name }) => rm(join(cache, name), { recursive: true, force: true })))
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
