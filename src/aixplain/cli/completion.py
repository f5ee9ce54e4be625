"""`aix completion`: what a shell is told so that the tab key completes; `completing` answers it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

#: Each asks `aix` itself: a line for each candidate, with what it is behind a tab.
SCRIPTS = {
    "bash": """\
_aix() {
    local IFS=$'\\n'
    COMPREPLY=($(_AIX_COMPLETE=bash _AIX_LINE="${COMP_LINE:0:COMP_POINT}" "$1" 2>/dev/null))
    [[ ${COMPREPLY[0]} == *= || ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
}
complete -o default -F _aix aix
""",
    "zsh": """\
#compdef aix
_aix() {
    local line value
    local -a values shown open open_shown
    for line in "${(@f)$(_AIX_COMPLETE=zsh _AIX_LINE="${(j: :)words[1,CURRENT]}" "${words[1]}" 2>/dev/null)}"; do
        value=${line%%$'\\t'*}
        if [[ -z $value ]]; then continue
        elif [[ $value == *[=/] ]]; then open+=("$value"); open_shown+=("${line/$'\\t'/  }")
        else values+=("$value"); shown+=("${line/$'\\t'/  }"); fi
    done
    if (( ! $#values && ! $#open )); then _files; return; fi
    (( $#open )) && compadd -S '' -l -d open_shown -a open
    (( $#values )) && compadd -l -d shown -a values
}
compdef _aix aix
""",
    "fish": """\
function __aix
    set -l found (env _AIX_COMPLETE=fish _AIX_LINE=(commandline -cp | string collect) aix 2>/dev/null)
    if test -n "$found"
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c aix -f -a '(__aix)'
""",
}


def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", show_default=False)],
) -> None:
    """Let the tab key complete commands, models and inputs.

    bash:  eval "$(aix completion bash)"        in ~/.bashrc

    zsh:   eval "$(aix completion zsh)"         in ~/.zshrc, after compinit

    fish:  aix completion fish > ~/.config/fish/completions/aix.fish
    """
    from aixplain._wire.validation import did_you_mean
    from aixplain.cli.failures import UsageProblem

    if shell not in SCRIPTS:
        raise UsageProblem(f"There is no completion for '{shell}'{did_you_mean(shell, SCRIPTS)}.")
    sys.stdout.write(SCRIPTS[shell])
