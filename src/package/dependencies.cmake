# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# What the program needs, and what it is called where. A part that an option leaves out needs nothing.

# option; kind and name of what is looked for; packages of Debian and Ubuntu, Fedora and Rocky, Alpine, Arch
set(dependencies
    "|program:wsdl2h|gsoap|gsoap|gsoap|gsoap"
    "|module:gsoapssl|libgsoap-dev|gsoap-devel|gsoap-dev|gsoap"
    "|module:openssl|libssl-dev|openssl-devel|openssl-dev|openssl"
    "|module:glib-2.0|libglib2.0-dev|glib2-devel|glib-dev|glib2"
    "|module:libbsd|libbsd-dev|libbsd-devel|libbsd-dev|libbsd"
    "|module:popt|libpopt-dev|popt-devel|popt-dev|popt"
    "|module:zlib|zlib1g-dev|zlib-devel|zlib-dev|zlib"
    "|module:libzstd|libzstd-dev|libzstd-devel|zstd-dev|zstd"
    "|module:jansson|libjansson-dev|jansson-devel|jansson-dev|jansson"
    "|header:uthash.h|uthash-dev|uthash-devel|uthash-dev|uthash"
    "VPERF_LIBVIRT|module:libvirt|libvirt-dev|libvirt-devel|libvirt-dev|libvirt"
    "VPERF_LIBVIRT|module:libxml-2.0|libxml2-dev|libxml2-devel|libxml2-dev|libxml2"
    "VPERF_HISTORY|module:sqlite3|libsqlite3-dev|sqlite-devel|sqlite-dev|sqlite"
    "VPERF_XLSX|module:xlsxwriter|libxlsxwriter-dev|libxlsxwriter-devel|libxlsxwriter-dev|libxlsxwriter"
    "VPERF_SERVE|module:libmicrohttpd|libmicrohttpd-dev|libmicrohttpd-devel|libmicrohttpd-dev|libmicrohttpd"
    "VPERF_SERVE|module:libcrypt|libcrypt-dev|libxcrypt-devel|libxcrypt-dev|libxcrypt"
    "VPERF_PVE|module:libcurl|libcurl4-openssl-dev|libcurl-devel|curl-dev|curl"
    "VPERF_XAPI|module:libcurl|libcurl4-openssl-dev|libcurl-devel|curl-dev|curl"
    "VPERF_XAPI|module:libxml-2.0|libxml2-dev|libxml2-devel|libxml2-dev|libxml2"
    "VPERF_PUSH|module:libcurl|libcurl4-openssl-dev|libcurl-devel|curl-dev|curl"
    "VPERF_PUSH|module:snappy|libsnappy-dev|snappy-devel|snappy-dev|snappy"
    "VPERF_PUSH|module:libprotobuf-c|libprotobuf-c-dev|protobuf-c-devel|protobuf-c-dev|protobuf-c"
    "VPERF_PUSH|program:protoc-c|protobuf-c-compiler|protobuf-c-compiler|protobuf-c-compiler|protobuf-c"
)

# dependency_find(RESULT KIND NAME): whether it is there.
function(dependency_find result kind name)
    string(MAKE_C_IDENTIFIER "dependency_${name}" known)
    if(kind STREQUAL "module")
        pkg_check_modules(${known} QUIET ${name})
        set(${result} ${${known}_FOUND} PARENT_SCOPE)
        return()
    elseif(kind STREQUAL "program")
        find_program(${known} ${name})
    else()
        find_path(${known} ${name})
    endif()
    mark_as_advanced(${known})
    if(${known})
        set(${result} TRUE PARENT_SCOPE)
    else()
        set(${result} FALSE PARENT_SCOPE)
    endif()
endfunction()

set(missing "")
foreach(row ${dependencies})
    string(REGEX MATCH "^([^|]*)\\|([^:]*):([^|]*)\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|(.*)$" row "${row}")
    set(option "${CMAKE_MATCH_1}")
    set(kind "${CMAKE_MATCH_2}")
    set(name "${CMAKE_MATCH_3}")
    set(packages "Debian, Ubuntu: ${CMAKE_MATCH_4}; Fedora, Rocky: ${CMAKE_MATCH_5}; Alpine: ${CMAKE_MATCH_6}; Arch: ${CMAKE_MATCH_7}")
    if(option AND NOT ${option})
        continue()
    endif()
    dependency_find(found ${kind} ${name})
    if(NOT found)
        string(MAKE_C_IDENTIFIER "${name}" known)
        list(APPEND missing ${name})
        set(packages_${known} "${packages}")
        if(option)
            string(APPEND without_${known} " -D${option}=OFF")
        endif()
    endif()
endforeach()
list(REMOVE_DUPLICATES missing)
foreach(name ${missing})
    string(MAKE_C_IDENTIFIER "${name}" known)
    set(without "")
    if(without_${known})
        set(without ", or give${without_${known}}")
    endif()
    message(NOTICE "Missing ${name}: install it (${packages_${known}})${without}")
endforeach()
if(missing)
    message(FATAL_ERROR "vperf cannot be built without what is named above")
endif()
