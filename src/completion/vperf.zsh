#compdef vperf
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# zsh completion for vperf. What commands and options there are follows below, from the program.

# The names of counters that 'vperf counters' has seen, and those of libvirt.
_vperf_catalog() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/vperf/counters
    typeset -gaU _vperf_names
    _vperf_names=($_vperf_counters)
    [[ -r $cache ]] && _vperf_names+=(${(f)"$(<$cache)"})
}

_vperf_list() {
    compset -P '*,'
    compadd -q -S , -- "$@"
}

_vperf_rules() {
    compset -P '*,'
    compadd -S = -- "$@"
}

_vperf_counter() {
    _vperf_catalog
    compadd -a _vperf_names
}

_vperf_counter_list() {
    _vperf_catalog
    compset -P '*,'
    compset -P '(\\|)!'
    compadd -q -S , -a _vperf_names
}

# Names of the targets in the configuration that is given; history files.
_vperf_target() {
    local config=${(Q)opt_args[--config]}
    local -a names
    [[ -n $config && -r $config ]] &&
        names=(${(f)"$(sed -n 's/^\[target  *\(.*\)\].*/\1/p' $config)"})
    compadd -a names
    _files -g '*.db'
}

