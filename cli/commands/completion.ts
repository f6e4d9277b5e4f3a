import { write } from '../io.ts'
import type { Command, Verb } from '../verbs/verb.ts'

const programsOf = (verbs: readonly Verb[]) => [
  'remote',
  ...verbs.filter(({ hidden }) => !hidden).map(({ name }) => `remote.${name.replaceAll(' ', '.')}`),
]

const bash = (programs: readonly string[]) => `_remote() {
  local name="\${COMP_WORDS[0]##*/}" value says
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  [[ $name == remote.* ]] && words=("\${name#remote.}" "\${words[@]}")
  COMPREPLY=()
  while IFS=$'\\t' read -r value says; do
    COMPREPLY+=("$value")
  done < <(remote __complete -- "\${words[@]}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]] && compopt -o nospace
}
complete -F _remote ${programs.join(' ')}
`

const zsh = (programs: readonly string[]) => `#compdef ${programs.join(' ')}
_remote() {
  local name="\${words[1]:t}" value says
  local -a typed found
  typed=("\${(@)words[2,CURRENT]}")
  [[ $name == remote.* ]] && typed=("\${name#remote.}" "\${typed[@]}")
  while IFS=$'\\t' read -r value says; do
    found+=("\${value//:/\\\\:}:$says")
  done < <(remote __complete -- "\${typed[@]}" 2>/dev/null)
  _describe 'remote' found
}
compdef _remote ${programs.join(' ')}
`

const fish = (programs: readonly string[]) => `function __remote_complete
  set -l typed (commandline -opc) (commandline -ct)
  set -l name (string split / -- $typed[1])[-1]
  set -e typed[1]
  if string match -q 'remote.*' -- $name
    set typed (string replace 'remote.' '' -- $name) $typed
  end
  remote __complete -- $typed 2>/dev/null
end
${programs.map((name) => `complete -c ${name} -f -a '(__remote_complete)'\n`).join('')}`

const SCRIPTS: Record<string, (programs: readonly string[]) => string> = { bash, zsh, fish }

export const completion: Command = async ({ io, args: [shell = ''], verbs }) => {
  await write(io.stdout, SCRIPTS[shell]?.(programsOf(verbs)) ?? '')
  return 0
}
