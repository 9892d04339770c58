// What each shell is told. The words of the command line go to `moldau complete`, and what it says is what they could become.

/** Bash takes '=' and ':' for ends of words, so what stands before them is not said again. */
const bash = `# bash completion for moldau
_moldau() {
  local line="\${COMP_LINE:0:COMP_POINT}" answer word before
  local -a words
  IFS=$' \\t' read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  word="\${words[\${#words[@]}-1]}"
  COMPREPLY=()
  while IFS=$'\\t' read -r answer _; do
    case "$answer" in
      :file)
        compopt -o filenames 2>/dev/null
        while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen -f -- "$word")
        ;;
      :folder)
        compopt -o filenames 2>/dev/null
        while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen -d -- "$word")
        ;;
      *) COMPREPLY+=("$answer") ;;
    esac
  done < <("\${COMP_WORDS[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
  before="\${word%"\${word##*[=:]}"}"
  [[ -n $before ]] && COMPREPLY=("\${COMPREPLY[@]#"$before"}")
  return 0
}
complete -F _moldau moldau
`;

const zsh = `#compdef moldau
_moldau() {
  local line
  local -a answers
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      :file*) _files ;;
      :folder*) _files -/ ;;
      '') ;;
      *$'\\t'*) answers+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) answers+=("\${line//:/\\\\:}") ;;
    esac
  done
  (( \${#answers} )) && _describe moldau answers
}
(( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit; }
compdef _moldau moldau
`;

const fish = `# fish completion for moldau
function __moldau_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] complete -- $words[2..-1] 2>/dev/null)
    switch $line
      case ':file*'
        __fish_complete_path (commandline -ct)
      case ':folder*'
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $line
    end
  end
end
complete -c moldau -f -a '(__moldau_complete)'
`;

export const scripts = { bash, zsh, fish } as const;
