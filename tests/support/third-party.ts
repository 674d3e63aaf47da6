import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { readEsbuildOptions } from '#shared/testing/functions/bundle-functions.ts'

/** A package of which something is bundled. */
export type ThirdParty = {
  readonly name: string
  readonly version: string
  /** As its package.json says, in SPDX's words. */
  readonly licence: string
  /** The text of its licence, and of its NOTICE file if it has one. */
  readonly text: string
}

/** Where the notices are: beside the code of the functions, and among the files of the page. */
export const NOTICES = {
  functions: 'THIRD-PARTY-NOTICES.txt',
  page: 'web/public/third-party-notices.txt',
} as const

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const LICENCE_FILE = /^(?:licen[cs]e|copying)(?:[-.](?:md|txt|mit))?$/i
const NOTICE_FILE = /^notice(?:\.(?:md|txt))?$/i

/** Returns the packages that esbuild puts into the functions, with the settings of serverless.yml. */
export async function packagesOfFunctions(): Promise<ThirdParty[]> {
  const entryPoints: string[] = []
  for await (const source of glob('functions/*.ts', { cwd: ROOT, exclude: ['**/*.test.ts'] }))
    entryPoints.push(join(ROOT, source))
  const { metafile } = await build({
    ...(await readEsbuildOptions()),
    entryPoints,
    outdir: join(ROOT, 'node_modules/.cache/notices'),
    write: false,
    metafile: true,
  })
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  )
  return readPackages(used.map(([path]) => path))
}

/** Returns the packages that are in the built web page, style sheets included. */
export async function packagesOfPage(): Promise<ThirdParty[]> {
  const { build: buildPage } = await import('vite')
  const modules = new Set<string>()
  await buildPage({
    configFile: join(ROOT, 'web/vite.config.ts'),
    root: join(ROOT, 'web'),
    logLevel: 'error',
    mode: 'production',
    build: { write: false },
    plugins: [
      {
        name: 'list-modules',
        generateBundle(_, bundle) {
          for (const chunk of Object.values(bundle))
            if (chunk.type === 'chunk')
              for (const [id, { renderedLength }] of Object.entries(chunk.modules))
                if (renderedLength > 0) modules.add(id)
          for (const id of this.getModuleIds()) if (/\.css(?:$|\?)/.test(id)) modules.add(id)
        },
      },
    ],
  })
  return readPackages([...modules])
}

/** Returns the notices of packages as the text that is shipped with them. Packages with the same text share it. */
export function formatNotices(subject: string, packages: readonly ThirdParty[]): string {
  const rule = `\n\n${'-'.repeat(80)}\n\n`
  const parts = [...Map.groupBy(packages, ({ text }) => text)].map(
    ([text, group]) => `${group.map(lineOf).join('\n')}\n\n${text}`,
  )
  return `${[`Third-party software in ${subject}`, ...parts].join(rule)}\n`
}

/** Returns how the notices name a package. */
export function lineOf({ name, version, licence }: ThirdParty): string {
  return `${name} ${version} (${licence})`
}

/** Returns the packages that a text of `formatNotices` names, each as `lineOf` writes it. */
export function namedInNotices(text: string): string[] {
  return text.split('\n').filter((line) => /^(?:@[\w.-]+\/)?[\w.-]+ \d+\.\d+\.\d+\S* \(.+\)$/.test(line))
}

function readPackages(paths: readonly string[]): ThirdParty[] {
  const folders = new Set(paths.flatMap((path) => packageFolder(path) ?? []))
  const found = new Map([...folders].map(readPackage).map((one) => [`${one.name} ${one.version}`, one]))
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** The folder of the package that a file belongs to; null if it is ours. */
function packageFolder(path: string): string | null {
  const file = path.replace(/^\0/, '').replace(/\?.*$/, '')
  const parts = file.split(/[\\/]/)
  const at = parts.lastIndexOf('node_modules')
  if (at === -1 || parts[at + 1]?.startsWith('.')) return null
  const isScoped = parts[at + 1]?.startsWith('@')
  const folder = parts.slice(0, at + (isScoped ? 3 : 2)).join(sep)
  return existsSync(folder) ? folder : join(ROOT, relative(ROOT, folder))
}

function readPackage(folder: string): ThirdParty {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const licence = typeof license === 'string' ? license : String(license?.type ?? 'unknown')
  const files = readdirSync(folder)
  const read = (wanted: RegExp) => {
    const file = files.find((one) => wanted.test(one))
    return file === undefined
      ? null
      : readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()
  }
  const holder = (typeof author === 'string' ? author : author?.name) ?? `the authors of ${name}`
  const texts = [read(LICENCE_FILE) ?? standardText(licence, holder), read(NOTICE_FILE)]
  return { name, version, licence, text: texts.filter((text) => text !== null).join('\n\n') }
}

/** The text of a licence, for a package that names it and does not contain it. */
function standardText(licence: string, holder: string): string {
  if (licence === 'Apache-2.0') return readFileSync(join(ROOT, 'LICENSE'), 'utf8').trim()
  if (licence === 'MIT') return MIT.replace('<holder>', holder)
  // The same without the condition: https://spdx.org/licenses/MIT-0.html
  if (licence === 'MIT-0')
    return MIT.replace('<holder>', holder)
      .replace('MIT License', 'MIT No Attribution')
      .replace(CONDITION, '.')
  throw new Error(`there is no text of the licence ${licence} (of ${holder})`)
}

const CONDITION = /, subject to the following conditions:\n\nThe above .+\n.+Software\./

const MIT = `MIT License

Copyright (c) <holder>

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`
