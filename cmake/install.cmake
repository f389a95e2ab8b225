# `cmake --install` and CPack: the compiler, its documents, and what hosts need to build around its objects.
include(CMakePackageConfigHelpers)

install(TARGETS atmc atm_runtime atm_runtime_shared)
install(TARGETS atmc_module LIBRARY DESTINATION ${ATMC_MODULE_INSTALL})
install(FILES runtime/atm_runtime.h runtime/atm_resize.h TYPE INCLUDE)

# The runtime's sources, for projects that are built for another machine than this one.
set(ATMC_RUNTIME_INSTALL ${CMAKE_INSTALL_DATADIR}/atmc/runtime)
file(GLOB runtime_parts CONFIGURE_DEPENDS runtime/*.c runtime/*.h runtime/*.def)
install(FILES ${runtime_parts} DESTINATION ${ATMC_RUNTIME_INSTALL})

set(ATMC_PROGRAM_INSTALL ${CMAKE_INSTALL_BINDIR}/atmc)
set(ATMC_SHARED_INSTALL ${CMAKE_INSTALL_LIBDIR}/libatm_runtime.so.${ATMC_ABI})
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/atmc)
configure_package_config_file(cmake/atmcConfig.cmake.in ${CMAKE_BINARY_DIR}/atmcConfig.cmake
  INSTALL_DESTINATION ${package} PATH_VARS ATMC_RUNTIME_INSTALL ATMC_PROGRAM_INSTALL ATMC_SHARED_INSTALL)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/atmcConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/atmcConfig.cmake ${CMAKE_BINARY_DIR}/atmcConfigVersion.cmake
              cmake/atmc_add_model.cmake DESTINATION ${package})

set(pkgconfig ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH ATMC_PC_PREFIX /${pkgconfig} /)
string(REGEX REPLACE "/$" "" ATMC_PC_PREFIX ${ATMC_PC_PREFIX})
foreach(module atmc atmc-shared)
  configure_file(cmake/${module}.pc.in ${CMAKE_BINARY_DIR}/${module}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/${module}.pc DESTINATION ${pkgconfig})
endforeach()

# The man page and the completions are what atmc prints; a Debian package wants a list of changes of its own form.
string(TIMESTAMP ATMC_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(contact "The atmc authors <atmc@example.org>")
file(WRITE ${CMAKE_BINARY_DIR}/changelog
     "atmc (${PROJECT_VERSION}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- ${contact}  ${ATMC_DATE}\n")
set(documents ${CMAKE_BINARY_DIR}/documents)
add_custom_command(
  OUTPUT ${documents}/atmc.1.gz ${documents}/atmc ${documents}/_atmc ${documents}/atmc.fish ${documents}/changelog.gz
  COMMAND ${CMAKE_COMMAND} -E make_directory ${documents}
  COMMAND sh -c "./atmc --help=man | gzip -9n >${documents}/atmc.1.gz"
  COMMAND sh -c "./atmc --help=bash >${documents}/atmc"
  COMMAND sh -c "./atmc --help=zsh >${documents}/_atmc"
  COMMAND sh -c "./atmc --help=fish >${documents}/atmc.fish"
  COMMAND sh -c "gzip -9n <changelog >${documents}/changelog.gz"
  DEPENDS atmc WORKING_DIRECTORY ${CMAKE_BINARY_DIR} COMMENT "Writing the man page and completions" VERBATIM)
add_custom_target(documents ALL DEPENDS ${documents}/atmc.1.gz)
install(FILES ${documents}/atmc.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${documents}/atmc DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${documents}/_atmc DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${documents}/atmc.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES README.md CHANGELOG.md ${documents}/changelog.gz TYPE DOC)
install(FILES LICENSE TYPE DOC RENAME copyright)
install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
        PATTERN demo.sh EXCLUDE) # which builds atmc

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${contact})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "compiler of vision models of the ATMNet family to native code")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "A JSON description and weights become an object, a library or a program for\n\
the resolutions and processors that are named, with a C interface and a tiny\n\
runtime.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/control/triggers)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS gcc)
set(CPACK_STRIP_FILES ON)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/package.cmake)
set(CPACK_INSTALLED_DIRECTORIES ${PROJECT_SOURCE_DIR}/cmake/debian usr/share/lintian/overrides)
include(CPack)
