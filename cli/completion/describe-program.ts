import type { Command } from 'commander'

/** What may follow an option, or be an argument: some words, the name of a file, or anything. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'any' }

/** An option of a command, its name with the dashes. */
export type OptionNode = {
  readonly name: string
  readonly description: string
  /** Null if no value follows. */
  readonly values: Values | null
}

/** One command as a completion sees it. */
export type CommandNode = {
  /** How it is called, without the name of the program, such as `keys create`; empty for the program itself. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  /** Its own options, and those of the commands above it. */
  readonly options: readonly OptionNode[]
  /** What its first argument may be; null if it takes none. */
  readonly argument: Values | null
}

/** Returns a program and all commands below it that are not hidden. */
export function describeProgram(program: Command): readonly CommandNode[] {
  return describeBelow(program, '', [])
}

function describeBelow(
  command: Command,
  path: string,
  inherited: readonly OptionNode[],
): readonly CommandNode[] {
  const help = command.createHelp()
  // The options of the program come with every command.
  const options = [...describeOptions(command), ...inherited]
  const shown = help.visibleCommands(command).filter((each) => each.name() !== 'help')
  const [first] = command.registeredArguments
  const node: CommandNode = {
    path,
    commands: shown.map((each) => ({ name: each.name(), description: each.summary() || each.description() })),
    options: options.filter(({ name }, index) => options.findIndex((each) => each.name === name) === index),
    argument: first === undefined ? null : valuesOf(first.name(), first.argChoices),
  }
  const known = options.filter(({ name }) => name !== '--help' && name !== '--version')
  const below = shown.flatMap((each) => describeBelow(each, `${path} ${each.name()}`.trim(), known))
  return [node, ...below]
}

function describeOptions(command: Command): readonly OptionNode[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap((option) => {
      const { long, description, argChoices, flags } = option
      if (!long) return []
      const [, placeholder] = /<([^>]+)>|\[([^\]]+)\]/.exec(flags) ?? []
      return [{ name: long, description, values: placeholder ? valuesOf(placeholder, argChoices) : null }]
    })
}

function valuesOf(name: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return { kind: 'words', words: choices }
  return name === 'file' ? { kind: 'file' } : { kind: 'any' }
}
