import type { CommandNode, OptionNode, Values } from './describe-program.ts'

/** Returns the script that completes the program in bash, from 3.2 on. */
export function bashScript(nodes: readonly CommandNode[]): string {
  return `# bash completion of tidewire, made by: tidewire completion bash
_tidewire() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' skip='' word names='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      ${valueOptions(nodes).join('|')}) skip=1 ;;
      -*) ;;
      *)
        case "\${at:+$at }$word" in
          ${pathsOf(nodes).map(quote).join('|')}) at="\${at:+$at }$word" ;;
        esac ;;
    esac
  done
  COMPREPLY=()
  case "$at|$prev" in
${valueCases(nodes)
  .map(({ pattern, values }) => `    ${pattern}) ${complete(values)}; return ;;`)
  .join('\n')}
  esac
  case "$at|$cur" in
${nodes.map(({ path, options }) => `    ${quote(`${path}|`)}-*) names=${quote(namesOf(options))} ;;`).join('\n')}
${nodes.flatMap((node) => argumentCase(node)).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$names" -- "$cur"))
}
complete -F _tidewire tidewire
`
}

/** Returns the paths of all commands but the program itself. */
export function pathsOf(nodes: readonly CommandNode[]): readonly string[] {
  return nodes.map(({ path }) => path).filter((path) => path !== '')
}

/** Returns the names of the options that a value follows. */
export function valueOptions(nodes: readonly CommandNode[]): readonly string[] {
  const options = nodes.flatMap(({ options: own }) => own)
  return [...new Set(options.filter(({ values }) => values !== null).map(({ name }) => name))]
}

type ValueCase = { readonly pattern: string; readonly values: Values }

/** Returns what follows each option, as patterns of `command|option`; the more particular ones come first. */
export function valueCases(nodes: readonly CommandNode[]): readonly ValueCase[] {
  const particular = nodes.flatMap(({ path, options }) =>
    options.flatMap(({ name, values }) =>
      values === null || values.kind === 'any' ? [] : [{ pattern: quote(`${path}|${name}`), values }],
    ),
  )
  const others = valueOptions(nodes).map((name) => ({
    pattern: `*${quote(`|${name}`)}`,
    values: { kind: 'any' } as const,
  }))
  return [...particular, ...others]
}

/** Returns text in single quotes, as a POSIX shell reads it back. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function argumentCase({ path, commands, argument }: CommandNode): readonly string[] {
  const pattern = `${quote(`${path}|`)}*`
  if (commands.length > 0)
    return [`    ${pattern}) names=${quote(commands.map(({ name }) => name).join(' '))} ;;`]
  if (argument === null || argument.kind === 'any') return []
  return [`    ${pattern}) ${complete(argument)}; return ;;`]
}

function namesOf(options: readonly OptionNode[]): string {
  return options.map(({ name }) => name).join(' ')
}

/** The command that offers values. macOS has bash 3.2, so there is no mapfile. */
function complete(values: Values): string {
  if (values.kind === 'any') return ':'
  if (values.kind === 'words') return `COMPREPLY=($(compgen -W ${quote(values.words.join(' '))} -- "$cur"))`
  // Outside of a completion compopt fails.
  return `compopt -o filenames 2>/dev/null; local IFS=$'\n'; COMPREPLY=($(compgen -f -- "$cur"))`
}
