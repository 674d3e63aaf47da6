import { pathsOf, quote, valueCases, valueOptions } from './bash.ts'
import type { CommandNode, Values } from './describe-program.ts'

/** Returns the script that completes the program in zsh, with descriptions. */
export function zshScript(nodes: readonly CommandNode[]): string {
  return `#compdef tidewire
# zsh completion of tidewire, made by: tidewire completion zsh
_tidewire() {
  local at='' skip='' word i
  local -a names
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      (${valueOptions(nodes).join('|')}) skip=1 ;;
      (-*) ;;
      (*)
        case "\${at:+$at }$word" in
          (${pathsOf(nodes).map(quote).join('|')}) at="\${at:+$at }$word" ;;
        esac ;;
    esac
  done
  case "$at|\${words[CURRENT-1]}" in
${valueCases(nodes)
  .map(({ pattern, values }) => `    (${pattern}) ${complete(values)}; return ;;`)
  .join('\n')}
  esac
  case "$at|\${words[CURRENT]}" in
${nodes
  .map(
    ({ path, options }) =>
      `    (${quote(`${path}|`)}-*) names=(${described(options)}); _describe option names ;;`,
  )
  .join('\n')}
${nodes.flatMap((node) => argumentCase(node)).join('\n')}
  esac
}
if [[ "\${funcstack[1]}" == _tidewire ]]; then _tidewire "$@"; else compdef _tidewire tidewire; fi
`
}

function argumentCase({ path, commands, argument }: CommandNode): readonly string[] {
  const pattern = `    (${quote(`${path}|`)}*)`
  if (commands.length > 0) return [`${pattern} names=(${described(commands)}); _describe command names ;;`]
  if (argument === null || argument.kind === 'any') return []
  return [`${pattern} ${complete(argument)} ;;`]
}

/** `_describe` separates a name from its description with a colon. */
function described(items: readonly { readonly name: string; readonly description: string }[]): string {
  return items.map(({ name, description }) => quote(`${name}:${description}`)).join(' ')
}

function complete(values: Values): string {
  if (values.kind === 'any') return ':'
  return values.kind === 'file' ? '_files' : `compadd -- ${values.words.map(quote).join(' ')}`
}
