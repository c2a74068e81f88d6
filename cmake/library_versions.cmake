# REFGATE_LIBRARIES: what the program is made with, for `refgate --version`. Read off the headers that are compiled, and for yaml-cpp, which has no
# such header, off the package file beside the library that is linked; nothing here depends on the time or the folder of a build.

# refgate_header_version(out name file regex): the first match's first group.
function(refgate_header_version out file regex)
  find_path(directory ${file} NO_CACHE REQUIRED)
  file(STRINGS ${directory}/${file} lines REGEX "${regex}")
  if(NOT lines MATCHES "${regex}")
    message(FATAL_ERROR "${directory}/${file} does not say its version")
  endif()
  set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

refgate_header_version(version_libgit2 git2/version.h "#define LIBGIT2_VERSION +\"([0-9.]+)\"")
refgate_header_version(version_cli11 CLI/Version.hpp "#define CLI11_VERSION +\"([0-9.]+)\"")
refgate_header_version(version_mbedtls mbedtls/version.h "#define MBEDTLS_VERSION_STRING +\"([0-9.]+)\"")

if(NOT YAMLCPP_VERSION)
  get_filename_component(beside ${YAMLCPP_ARCHIVE} DIRECTORY)
  file(STRINGS ${beside}/pkgconfig/yaml-cpp.pc line REGEX "^Version:")
  string(REGEX REPLACE "^Version: *" "" YAMLCPP_VERSION "${line}")
endif()

set(REFGATE_LIBRARIES
  "libgit2 ${version_libgit2}, yaml-cpp ${YAMLCPP_VERSION}, CLI11 ${version_cli11}, nlohmann-json ${nlohmann_json_VERSION}, mbedtls ${version_mbedtls}")
