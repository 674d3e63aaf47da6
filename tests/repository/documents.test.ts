import { readdir, readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { providers } from '#shared/pipeline/webhooks/providers/providers.ts'
import { repositoryFiles } from '../support/repository-files.ts'

const files = await repositoryFiles()
const known = new Set(files.flatMap((file) => [file, ...foldersOf(file)]))
const pages = files.filter((file) =>
  /^(README|CONTRIBUTING|SECURITY)\.md$|^docs\/.+\.md$|^packages\/.+\.md$/.test(file),
)
/** This file names pages that do not exist, to check that they are found. */
const SELF = 'tests/repository/documents.test.ts'
const sources = files.filter((file) => /\.(ts|tsx|cjs|mjs|yml)$/.test(file) && file !== SELF)

function foldersOf(file: string): string[] {
  const folder = posix.dirname(file)
  return folder === '.' ? [] : [folder, ...foldersOf(folder)]
}

/** The targets of a page's relative links that are not in the repository. */
function brokenLinks(page: string, text: string): string[] {
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|<img src="([^"]+)"/g)].map(
    ([, link, image = '']) => link ?? image,
  )
  return targets.filter((target) => {
    if (/^([a-z]+:|#)/.test(target)) return false
    const [path = ''] = target.split('#')
    return !known.has(posix.join(posix.dirname(page), path).replace(/\/$/, ''))
  })
}

/** The headings of a page as GitHub names their anchors. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** The sources that a page names, by a path or by a file name, and that do not exist. */
function missingSources(page: string, text: string): string[] {
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
  const names = [...prose.matchAll(/`([\w./-]+\.(?:ts|tsx|cjs|mjs|py|go))`/g)].map(([, name = '']) => name)
  const folder = posix.dirname(page)
  return names.filter(
    (name) => !known.has(posix.join(folder, name)) && !files.some((file) => `/${file}`.endsWith(`/${name}`)),
  )
}

/** The pages in docs/ that a text names and that do not exist. An ADR may be named by its number: docs/adr/0010. */
function missingPages(text: string): string[] {
  const names = [...text.matchAll(/(?<![\w/.:@#-])docs\/[\w./-]*\w/g)].map(([name]) => name)
  return names.filter((name) => !known.has(name) && !files.some((file) => file.startsWith(`${name}-`)))
}

describe('what the repository cites is in it:', () => {
  test.each(pages)('the links of %s', async (page) => {
    expect(brokenLinks(page, await readFile(page, 'utf8'))).toEqual([])
  })

  test.each(pages)('the headings that %s links to', async (page) => {
    const links = [...(await readFile(page, 'utf8')).matchAll(/\]\(([^):\s]*)#([^)\s]+)\)/g)]
    for (const [link, path = '', anchor = ''] of links) {
      const target = path === '' ? page : posix.join(posix.dirname(page), path)
      expect.soft(anchorsOf(await readFile(target, 'utf8')), link).toContain(anchor)
    }
  })

  // A decision names files as they were at its time, and the page of a package names those of its users.
  test.each(pages.filter((page) => !/^(docs\/adr|packages)\//.test(page)))(
    'the source files that %s names',
    async (page) => {
      expect(missingSources(page, await readFile(page, 'utf8'))).toEqual([])
    },
  )

  it('the pages of docs/ that sources and tests name', async () => {
    const missing = await Promise.all(
      sources.map(async (file) =>
        missingPages(await readFile(file, 'utf8')).map((name) => `${file}: ${name}`),
      ),
    )
    expect(missing.flat()).toEqual([])
  })

  it('no document that only its authors have', async () => {
    const outside = new RegExp(['DESIGN', 'CONTRACT'].map((name) => `\\b${name}(\\.md|:| §)`).join('|'))
    const texts = files.filter((file) => sources.includes(file) || file.endsWith('.md'))
    const citing = await Promise.all(
      texts.map(async (file) => (outside.test(await readFile(file, 'utf8')) ? [file] : [])),
    )
    expect(citing.flat()).toEqual([])
  })

  it('and a missing page, heading or link would be found', () => {
    expect(
      brokenLinks('docs/a.md', '[a](delivery.md) [b](nowhere.md) [c](adr/0099.md#x) [d](https://x.org)'),
    ).toEqual(['nowhere.md', 'adr/0099.md#x'])
    expect(
      missingPages('// docs/delivery.md, docs/nowhere.md, docs/adr/0010, docs/adr/0099 https://x.org/docs/y'),
    ).toEqual(['docs/nowhere.md', 'docs/adr/0099'])
    expect(
      missingSources(
        'docs/a.md',
        '`shared/core/event.ts` `deliver.ts` `shared/core/nowhere.ts` `nowhere.ts`',
      ),
    ).toEqual(['shared/core/nowhere.ts', 'nowhere.ts'])
    expect(anchorsOf('# A `b`, c\n## An ADR')).toEqual(['a-b-c', 'an-adr'])
  })
})

test('docs/architecture.md has a heading for each invariant, and sources cite no others', async () => {
  const text = await readFile('docs/architecture.md', 'utf8')
  const headings = [...text.matchAll(/^### (I\d) \S/gm)].map(([, name]) => name)
  expect(headings).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9'])

  const cited = await Promise.all(
    sources.map(async (file) => [
      ...(await readFile(file, 'utf8')).matchAll(/architecture\.md[,)(\s]+(I\d+)/g),
    ]),
  )
  const names = new Set(cited.flat().map(([, name]) => name))
  expect(names.size).toBeGreaterThan(5)
  expect([...names].filter((name) => !headings.includes(name))).toEqual([])
})

test('the decisions are numbered without a gap, in their names as in their titles', async () => {
  const records = files.filter((file) => file.startsWith('docs/adr/')).sort()
  for (const [index, file] of records.entries()) {
    const number = index + 1
    expect.soft(file).toMatch(new RegExp(`/${String(number).padStart(4, '0')}-[a-z0-9-]+\\.md$`))
    expect.soft(await readFile(file, 'utf8')).toMatch(new RegExp(`^# ${number}\\. \\S`))
  }
})

test('docs/webhooks.md has a row for each built-in provider, and no other', async () => {
  const text = await readFile('docs/webhooks.md', 'utf8')
  const [, table = ''] = /\n## Sources\n([\s\S]*?)\n## /.exec(text) ?? []
  const rows = [...table.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name)
  expect(rows.sort()).toEqual(Object.keys(providers).sort())
})

test('the faces of the pipeline’s rooms are those that the linter allows', async () => {
  const rules = await readFile('tests/repository/faces.grit', 'utf8')
  const page = await readFile('docs/architecture.md', 'utf8')
  const allowed = [
    ...rules.matchAll(/'#shared\/pipeline\/(\w+)\/\(\.\+\)'"\(\$file\),\s+! \$file <: r"([^"]+)"/g),
  ]

  expect(allowed.length).toBeGreaterThan(0)
  for (const [, room = '', files = ''] of allowed) {
    const [, cell = ''] = new RegExp(`^\\| \`${room}\` \\|[^|]*\\|([^|]*)\\|$`, 'm').exec(page) ?? []
    const named = [...cell.matchAll(/`([\w-]+\.ts)`/g)].map(([, file = '']) => file)
    expect(named.sort(), room).toEqual(files.replaceAll('\\', '').split('|').sort())
  }
})

test('docs/architecture.md places each function inside or outside the VPC', async () => {
  const page = await readFile('docs/architecture.md', 'utf8')
  const [, row = ''] = /\| inside: [^\n]+\n\|---\|---\|\n(\|[^\n]+)/.exec(page) ?? []
  const placed = [...row.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name)
  const files = (await readdir('functions')).filter((file) => /^[\w-]+\.ts$/.test(file))

  expect(placed.sort()).toEqual(files.map((file) => file.slice(0, -'.ts'.length)).sort())
})

test('docs/webhooks.md says of each built-in provider which handshakes it has and what it gets as an answer', async () => {
  const text = await readFile('docs/webhooks.md', 'utf8')
  const named = (title: string) => {
    const [, section = ''] = text.split(`\n## ${title}\n`)
    const [rows = ''] = section.split('\n## ', 1)
    const cells = rows.split('\n').map((row) => /^\| ([^|]+) \|/.exec(row)?.[1] ?? '')
    return [...new Set(cells.flatMap((cell) => cell.match(/(?<=`)[a-z-]+(?=`)/g) ?? []))].sort()
  }
  const withA = (member: 'challenges' | 'answer') =>
    Object.keys(providers).filter((name) => providers[name]?.[member] !== undefined)

  expect(named('Handshakes')).toEqual(withA('challenges').sort())
  expect(named('Answers')).toEqual(withA('answer').sort())
})
