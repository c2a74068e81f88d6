# One target a library, so that a layer names what it may include. All of them are Debian packages; `dev` lists them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(refgate_dependency name)
  add_library(dependency_${name} INTERFACE)
  target_link_libraries(dependency_${name} INTERFACE ${ARGN})
endfunction()

find_package(nlohmann_json 3.10 REQUIRED)
refgate_dependency(nlohmann_json nlohmann_json::nlohmann_json)

find_package(CLI11 2.1 REQUIRED)
refgate_dependency(CLI11 CLI11::CLI11)

find_library(MBEDCRYPTO_LIBRARY NAMES libmbedcrypto.a mbedcrypto REQUIRED)
refgate_dependency(mbedcrypto ${MBEDCRYPTO_LIBRARY})

find_library(MBEDTLS_LIBRARY NAMES libmbedtls.a mbedtls REQUIRED)
find_library(MBEDX509_LIBRARY NAMES libmbedx509.a mbedx509 REQUIRED)
refgate_dependency(mbedtls ${MBEDTLS_LIBRARY} ${MBEDX509_LIBRARY} ${MBEDCRYPTO_LIBRARY})

find_library(ZLIB_LIBRARY NAMES libz.a z REQUIRED)
refgate_dependency(zlib ${ZLIB_LIBRARY})

if(NOT REFGATE_STATIC)
  pkg_check_modules(LIBGIT2 REQUIRED IMPORTED_TARGET libgit2>=1.5)
  refgate_dependency(git2 PkgConfig::LIBGIT2 Threads::Threads)
  if(REFGATE_SANITIZE)
    add_library(refgate_sanitizer_defaults OBJECT ${CMAKE_SOURCE_DIR}/cmake/sanitizer_defaults.cpp)
    target_link_libraries(dependency_git2 INTERFACE $<TARGET_OBJECTS:refgate_sanitizer_defaults>)
  endif()
  pkg_check_modules(YAMLCPP REQUIRED IMPORTED_TARGET yaml-cpp>=0.7)
  refgate_dependency(yaml-cpp PkgConfig::YAMLCPP)
  pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1>=0.2.5)
  refgate_dependency(yaml PkgConfig::YAML)
else()
  include(cmake/static.cmake)
endif()

include(cmake/library_versions.cmake)
