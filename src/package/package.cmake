# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# Packages: cpack -G DEB, cpack -G RPM, and the source by cpack --config CPackSourceConfig.cmake.

set(CPACK_PACKAGE_NAME vperf)
set(CPACK_PACKAGE_VENDOR "vperf")
set(CPACK_PACKAGE_CONTACT "The vperf developers <vperf@vperf.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "performance data of ESXi, vCenter, KVM, Xen and Proxmox VE")
set(CPACK_PACKAGE_DESCRIPTION
"vperf collects every performance counter that ESXi hosts, vCenters and their
guests offer, and those of KVM, Xen and other libvirt guests, Proxmox VE and
XenServer, in one schema.
It writes CSV and other formats, records for months into a file of its own,
compares guests of different hypervisors side by side, and reports which
capacity is used and needed.")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/debian/postinst ${CMAKE_CURRENT_LIST_DIR}/debian/prerm
    ${CMAKE_CURRENT_LIST_DIR}/debian/postrm)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE "GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception")
set(CPACK_RPM_PACKAGE_GROUP "System/Monitoring")
# Directories that belong to the file system, not to this package.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /usr/lib/systemd /usr/lib/systemd/system /usr/libexec /usr/share/man /usr/share/man/man1
    /usr/share/man/man5 /usr/share/bash-completion /usr/share/bash-completion/completions
    /usr/share/zsh /usr/share/zsh/site-functions /usr/share/fish
    /usr/share/fish/vendor_completions.d)

set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME vperf-${PROJECT_VERSION})
set(CPACK_SOURCE_IGNORE_FILES "/build/" "/\\\\.git/" "/__pycache__/")

# What Debian wants to see of a package's history and licences.
set(package_doc ${CMAKE_INSTALL_DATADIR}/doc/vperf)
set(package_dir ${CMAKE_CURRENT_BINARY_DIR}/package)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/changelog.in package/changelog.Debian @ONLY)
foreach(pair CHANGELOG.md:changelog ${package_dir}/changelog.Debian:changelog.Debian)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 text)
    list(GET pair 1 name)
    get_filename_component(text ${text} ABSOLUTE)
    add_custom_command(OUTPUT ${package_dir}/${name}.gz
        COMMAND gzip -9nc ${text} > ${package_dir}/${name}.gz
        DEPENDS ${text} VERBATIM)
    list(APPEND package_texts ${package_dir}/${name}.gz)
endforeach()
add_custom_target(package_texts ALL DEPENDS ${package_texts})
install(FILES ${package_texts} ${CMAKE_CURRENT_LIST_DIR}/debian/copyright README.md
    DESTINATION ${package_doc})
install(DIRECTORY src/doc/ DESTINATION ${package_doc}/pages)

include(CPack)
