# The libraries of a binary that needs nothing of the machine it runs on: what dist/ holds. Included by dependencies.cmake in place of pkg-config,
# whose `--static` answer for libgit2 does not link (static_stubs.cpp says why).
#
# Same sources and packages, same bytes: no build id, no time stamps, and compiler.cmake keeps the folder's name out.

# refgate_static_library(VARIABLE name): the archive, never the shared library.
function(refgate_static_library variable name)
  find_library(${variable} NAMES lib${name}.a REQUIRED)
endfunction()

refgate_static_library(LIBGIT2_ARCHIVE git2)
refgate_static_library(HTTP_PARSER_ARCHIVE http_parser)
refgate_static_library(PCRE2_ARCHIVE pcre2-8)
refgate_static_library(ZLIB_ARCHIVE z)
refgate_static_library(MBEDTLS_ARCHIVE mbedtls)
refgate_static_library(MBEDX509_ARCHIVE mbedx509)
refgate_static_library(YAMLCPP_ARCHIVE yaml-cpp)
refgate_static_library(YAML_ARCHIVE yaml)

# Objects, not an archive: they must be seen before libgit2 is searched.
add_library(refgate_static_stubs OBJECT ${CMAKE_SOURCE_DIR}/cmake/static_stubs.cpp)
target_link_libraries(refgate_static_stubs PRIVATE refgate_flags)
add_library(refgate_git2_archive INTERFACE)
target_link_libraries(refgate_git2_archive INTERFACE ${LIBGIT2_ARCHIVE} ${HTTP_PARSER_ARCHIVE} ${PCRE2_ARCHIVE} ${MBEDTLS_ARCHIVE} ${MBEDX509_ARCHIVE}
  ${MBEDCRYPTO_LIBRARY} ${ZLIB_ARCHIVE})

refgate_dependency(git2 $<TARGET_OBJECTS:refgate_static_stubs> refgate_git2_archive Threads::Threads)
refgate_dependency(yaml-cpp ${YAMLCPP_ARCHIVE})
refgate_dependency(yaml ${YAML_ARCHIVE})

# Position-independent, though nothing else is loaded: where the program lies is then new for each process. `./dev dist --examine` reads off the
# files that these flags took effect.
target_compile_options(refgate_flags INTERFACE -ffunction-sections -fdata-sections -fPIE)
target_link_options(refgate_flags INTERFACE -static-pie -Wl,--wrap=git_net_url_apply_redirect -Wl,--wrap=mbedtls_x509_crt_parse_file -Wl,--gc-sections -Wl,--strip-all -Wl,--build-id=none -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)
