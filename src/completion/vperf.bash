# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# bash completion for vperf. What commands and options there are follows below, from the program.

# The names of counters that 'vperf counters' has seen, and those of libvirt.
_vperf_catalog() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/vperf/counters
    {
        if [[ -r $cache ]]; then cat -- "$cache"; fi
        _vperf_counters
    } | LC_ALL=C sort -u
}

# Offers the lines of its input that begin with $2, behind $1 and before $3.
_vperf_offer() {
    local line
    while IFS= read -r line; do
        if [[ $line == "$2"* ]]; then COMPREPLY+=("$1$line${3-}"); fi
    done
}

# The words of $2, $1 being typed; with commas between them if there may be several.
_vperf_offer_list() {
    local before=
    if [[ $1 == *,* ]]; then before=${1%,*},; fi
    local last=${1##*,}
    if [[ $last == !* ]]; then before+=!; fi
    compopt -o nospace 2>/dev/null
    _vperf_offer "$before" "${last#!}" "${2-}"
}

_vperf_offer_files() {
    compopt -o filenames 2>/dev/null
    local line
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "${@:2}" -- "$1")
}

# Names of the targets in the configuration that is given; history files.
_vperf_offer_targets() {
    local i config=
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        case ${words[i]} in
        --config) config=${words[i + 1]} ;;
        --config=*) config=${words[i]#*=} ;;
        esac
    done
    if [[ $config && -r $config ]]; then
        _vperf_offer '' "$1" < <(sed -n 's/^\[target  *\(.*\)\].*/\1/p' "$config")
    fi
    _vperf_offer_files "$1" -f -X '!*.db'
    if [[ $1 ]]; then _vperf_offer_files "$1" -d; fi
}

# bash makes words of "=", ":" and "@": what stands around them is one word of the command line.
_vperf_read_words() {
    local i word glue=
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i)) && [[ $glue || $word == [=:@]* ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        glue=
        if [[ $word == *[=:@] ]]; then glue=1; fi
    done
}

_vperf_offer_value() {
    local value=${1#[\'\"]}
    case $kind in
    file) _vperf_offer_files "$value" -f ;;
    word) _vperf_offer '' "$value" < <(printf '%s\n' $choices) ;;
    list) _vperf_offer_list "$value" < <(printf '%s\n' $choices) ;;
    rules) _vperf_offer_list "$value" = < <(printf '%s\n' $choices) ;;
    counter) _vperf_offer '' "$value" < <(_vperf_catalog) ;;
    counters) _vperf_offer_list "$value" < <(_vperf_catalog) ;;
    esac
}

_vperf() {
    local words kind= choices= before=
    _vperf_read_words
    local count=${#words[@]} command=${words[1]-}
    local current=${words[count - 1]}
    COMPREPLY=()
    if ((count <= 2)); then
        _vperf_offer '' "$current" < <(printf '%s\n' $_vperf_commands --help --version)
    elif [[ $current == --*=* ]] && _vperf_value "$command:${current%%=*}"; then
        before=${current%%=*}=
        _vperf_offer_value "${current#*=}"
    elif _vperf_value "$command:${words[count - 2]}"; then
        _vperf_offer_value "$current"
    elif [[ $current != -* ]]; then
        _vperf_offer_targets "$current"
    fi
    if [[ $current == -* || ! $current ]] && ((!${#COMPREPLY[@]})) && [[ ! $kind ]]; then
        _vperf_offer '' "$current" < <(_vperf_options "$command")
    fi

    # readline puts in only what stands behind the last of its own word breaks.
    local typed=${COMP_WORDS[COMP_CWORD]} i
    if [[ $typed == [=:@]* ]]; then typed=; fi
    local lead=${current%"$typed"}
    for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
        COMPREPLY[i]=$before${COMPREPLY[i]}
        COMPREPLY[i]=${COMPREPLY[i]#"$lead"}
    done
}
complete -F _vperf vperf

