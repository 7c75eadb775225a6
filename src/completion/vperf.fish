# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# fish completion for vperf. What commands and options there are follows below, from the program.

# What is typed of a value, without its option.
function __vperf_typed
    commandline -ct | string replace -r -- '^--[^=]*=' ''
end

# Words with commas between them: $argv behind what stands before the last comma.
function __vperf_list
    set -l before (__vperf_typed | string match -r -- '^.*,')
    for word in $argv
        echo "$before$word"
    end
end

# The names of counters that 'vperf counters' has seen, and those of libvirt.
function __vperf_counter
    set -l cache ~/.cache
    set -q XDG_CACHE_HOME; and set cache $XDG_CACHE_HOME
    set cache $cache/vperf/counters
    begin
        test -r $cache; and cat $cache
        __vperf_counters
    end | sort -u
end

function __vperf_counter_list
    set -l before (__vperf_typed | string match -r -- '^(?:.*,)?!?')
    for word in (__vperf_counter)
        echo "$before$word"
    end
end

# Names of the targets in the configuration that is given; history files.
function __vperf_target
    set -l words (commandline -opc)
    set -l config
    for i in (seq (count $words))
        switch $words[$i]
            case --config
                set config $words[(math $i + 1)]
            case '--config=*'
                set config (string replace -- --config= '' $words[$i])
        end
    end
    if test -n "$config"; and test -r "$config"
        sed -n 's/^\[target  *\(.*\)\].*/\1/p' $config
    end
    set -l typed (commandline -ct)
    for file in $typed*.db $typed*/
        echo $file
    end
end

complete -c vperf -f
complete -c vperf -n 'not __fish_use_subcommand' -a '(__vperf_target)'
