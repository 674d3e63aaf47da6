import { readFile } from 'node:fs/promises'
import { PassThrough, Readable } from 'node:stream'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { type CommandNode, describeProgram } from '../../cli/completion/describe-program.ts'
import { createProgram } from '../../cli/create-program.ts'
import { systemClock } from '../../cli/lib/clock.ts'
import { repositoryFiles } from '../support/repository-files.ts'

const program = createProgram({
  stdin: Readable.from([]),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: {},
  clock: systemClock,
  signal: new AbortController().signal,
  setExitCode: () => {},
})
const nodes = describeProgram(program)
const all = commandsBelow(program)
const pages = (await repositoryFiles()).filter((file) => /^(README|docs\/.*)\.md$/.test(file))

function commandsBelow(command: Command): readonly Command[] {
  return command.commands.flatMap((each) => [each, ...commandsBelow(each)])
}
/** Commands that only have others below them. */
const isGroup = ({ path }: CommandNode) =>
  ['', 'archive', 'keys', 'users', 'secrets', 'profile'].includes(path)

/** The command and the unknown options of a line such as `tidewire keys create shop --role publisher`. */
function check(line: string): string | null {
  // Quoted text may contain anything, also what looks like an option.
  const words = line.replaceAll(/'[^']*'|"[^"]*"/g, 'x').split(/[\s|<>]+/)
  const [first = ''] = words.filter((word) => !word.startsWith('-'))
  const found = nodes.findLast(({ path }) => path !== '' && ` ${words.join(' ')} `.startsWith(` ${path} `))
  if (found === undefined) return first === '' ? null : `there is no command ${first}`
  const known = found.options.map(({ name }) => name)
  const unknown = words.filter((word) => /^--\w/.test(word) && !known.includes(word.split('=')[0] ?? ''))
  return unknown.length === 0 ? null : `${found.path} has no ${unknown.join(', ')}`
}

/** Every command line in the code of a page, without the name of the program and a comment. */
function linesOf(text: string): readonly string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block)
  const joined = blocks.join('\n').replaceAll(/\\\n\s*/g, ' ')
  const inline = [...text.matchAll(/`(?:npx )?tidewire ([a-z][^`]*)`/g)].map(([, line = '']) => line)
  const inBlocks = [...joined.matchAll(/(?:^|[|(]\s*|\$\()(?:npx )?tidewire ([a-z][^|#)\n]*)/gm)]
  return [...inline, ...inBlocks.map(([, line = '']) => line)].filter((line) => !line.includes('…'))
}

describe('the documents', () => {
  test('name commands and options that exist', async () => {
    const wrong = await Promise.all(
      pages.map(async (page) =>
        linesOf(await readFile(page, 'utf8')).flatMap((line) => {
          const problem = check(line)
          return problem === null ? [] : [`${page}: ${line}: ${problem}`]
        }),
      ),
    )
    expect(wrong.flat()).toEqual([])
  })

  test('name every command in docs/command-line.md', async () => {
    const text = await readFile('docs/command-line.md', 'utf8')
    const named = [...text.matchAll(/^\| `tidewire ([a-z -]+?)(?: [<[][^`]*)?` \|/gm)].map(([, path]) => path)

    expect(named).toHaveLength(new Set(named).size)
    expect(named.sort()).toEqual(
      nodes
        .filter((node) => !isGroup(node))
        .map(({ path }) => path)
        .sort(),
    )
  })

  test('would be found wrong', () => {
    expect(check('keys burn shop')).toBeNull()
    expect(check('burn')).toBe('there is no command burn')
    expect(check("keys create shop --rolle 'publisher'")).toBe('keys create has no --rolle')
    expect(linesOf('```sh\nKEY=$(npx tidewire keys create shop \\\n  --rolle x)\n```')).toEqual([
      'keys create shop  --rolle x',
    ])
  })
})

describe('the help of every command', () => {
  test.each(all.map((command) => [pathOf(command), command] as const))('%s', (path, command) => {
    let help = ''
    command.configureOutput({
      writeOut: (text) => {
        help += text
      },
    })
    command.outputHelp()

    expect(command.description()).toMatch(/^[A-Z].*\.$/)
    expect(help).toContain('Example')
    const examples = [...help.matchAll(/\$ .*?tidewire (.+)/g)].map(
      ([, line = '']) => line.split(' | ')[0] ?? '',
    )
    expect(examples.filter((line) => check(line.replace(/[>)"].*/, '')) !== null)).toEqual([])
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
    const node = nodes.find((each) => each.path === path)
    if (node && !isGroup(node)) expect(node.options.map(({ name }) => name)).toContain('--json')
  })
})

/** An option that takes a value in one command and none in another would confuse people and completions. */
test('options of one name agree on whether they take a value', () => {
  const options = nodes.flatMap((node) => node.options)
  const taking = new Set(options.filter(({ values }) => values !== null).map(({ name }) => name))

  expect(
    options.filter(({ name, values }) => values === null && taking.has(name)).map(({ name }) => name),
  ).toEqual([])
})

function pathOf(command: Command): string {
  const above = command.parent ? pathOf(command.parent) : ''
  return command.parent === null ? '' : `${above} ${command.name()}`.trim()
}
