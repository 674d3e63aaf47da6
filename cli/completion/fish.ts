import { pathsOf, valueOptions } from './bash.ts'
import type { CommandNode, OptionNode } from './describe-program.ts'

/** Returns the script that completes the program in fish, with descriptions. */
export function fishScript(nodes: readonly CommandNode[]): string {
  return `# fish completion of tidewire, made by: tidewire completion fish
function __tidewire_at
    set -l at
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case ${valueOptions(nodes).join(' ')}
                set skip 1
            case '-*'
            case '*'
                contains -- (string join ' ' $at $word) ${pathsOf(nodes).map(quote).join(' ')}; and set -a at $word
        end
    end
    test "$at" = "$argv"
end
complete -c tidewire -f
${nodes.flatMap(linesOf).join('\n')}
`
}

function linesOf({ path, commands, options, argument }: CommandNode): readonly string[] {
  const condition = `complete -c tidewire -n ${quote(`__tidewire_at ${path}`.trim())}`
  const files = argument?.kind === 'file' && commands.length === 0 ? [`${condition} -F`] : []
  const words = argument?.kind === 'words' ? [`${condition} -a ${quote(argument.words.join(' '))}`] : []
  return [
    ...commands.map(({ name, description }) => `${condition} -a ${name} -d ${quote(description)}`),
    ...options.map((option) => `${condition} ${optionOf(option)} -d ${quote(option.description)}`),
    ...words,
    ...files,
  ]
}

function optionOf({ name, values }: OptionNode): string {
  const long = `-l ${name.replace(/^--/, '')}`
  if (values === null) return long
  if (values.kind === 'file') return `${long} -r -F`
  return values.kind === 'any' ? `${long} -x` : `${long} -x -a ${quote(values.words.join(' '))}`
}

/** Returns text in single quotes, in which fish knows the escapes of a quote and a backslash. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
