# A layer is a folder below src/, a static library, and headers that only those see who link it.
#
# `#include "core/claim/claim.h"` resolves through build/layers/core_claim, which holds nothing but links to the headers of src/core/claim; a target
# that does not link the layer has no such directory. Third-party headers lie in /usr/include, which every target sees, so each target that does not
# link a library gets a fence in front of it: a header of the same name that refuses to compile.
set(REFGATE_FENCED git2 yaml yaml-cpp CLI11)

function(refgate_fence target)
  cmake_parse_arguments(FENCE "" "" "EXCEPT" ${ARGN})
  foreach(library IN LISTS REFGATE_FENCED)
    if(NOT library IN_LIST FENCE_EXCEPT)
      target_include_directories(${target} BEFORE PRIVATE ${PROJECT_SOURCE_DIR}/cmake/fence/${library})
    endif()
  endforeach()
endfunction()

# The target of a layer: core/claim is refgate_core_claim.
function(refgate_layer_target out layer)
  string(REPLACE "/" "_" name ${layer})
  set(${out} refgate_${name} PARENT_SCOPE)
endfunction()

# What nearly every source includes is read by the compiler once. Each source still includes what it uses: the presets release and static know none of this.
if(REFGATE_PRECOMPILE)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled/none.cpp "")
  add_library(refgate_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled/none.cpp)
  target_link_libraries(refgate_precompiled PRIVATE refgate_flags)
  target_precompile_headers(refgate_precompiled PRIVATE
    <algorithm> <array> <charconv> <chrono> <cstdint> <functional> <map> <memory> <optional> <ostream> <set> <span> <string> <string_view> <utility> <variant>
    <vector>)
endif()

# refgate_layer(core/claim LAYERS lower… THIRD_PARTY git2… LINKED implementations… SOURCES generated…): all *.cpp of the folder are its sources.
# LAYERS are those whose headers this layer includes; LINKED those that implement what a lower layer only declares.
function(refgate_layer layer)
  cmake_parse_arguments(LAYER "" "" "SOURCES;LAYERS;THIRD_PARTY;LINKED" ${ARGN})
  refgate_layer_target(target ${layer})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *.h)
  if(sources OR LAYER_SOURCES)
    add_library(${target} STATIC ${sources} ${LAYER_SOURCES})
    set(scope PUBLIC)
  else() # a seam: headers only
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  set(include ${CMAKE_BINARY_DIR}/layers/${target})
  file(REMOVE_RECURSE ${include})
  file(MAKE_DIRECTORY ${include}/${layer})
  foreach(header IN LISTS headers)
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${header} ${include}/${layer}/${header} SYMBOLIC)
  endforeach()
  target_include_directories(${target} ${scope} ${include})
  foreach(lower IN LISTS LAYER_LAYERS)
    refgate_layer_target(lower_target ${lower})
    target_link_libraries(${target} ${scope} ${lower_target})
  endforeach()
  foreach(implementation IN LISTS LAYER_LINKED)
    refgate_layer_target(linked_target ${implementation})
    target_link_libraries(${target} INTERFACE $<LINK_ONLY:${linked_target}>)
  endforeach()
  if(scope STREQUAL INTERFACE)
    return()
  endif()
  target_link_libraries(${target} PRIVATE refgate_flags)
  # The shipped program is optimised for size, and each job fetches it; but what reads thousands of files is the linter. Of its layers these are the
  # ones whose speed is felt: all of them so would cost 1.2 MB more, and be 3 in 100 faster.
  if(CMAKE_BUILD_TYPE STREQUAL MinSizeRel AND layer MATCHES "^lint/(agents|expression|github|shell|text|workflow)$")
    target_compile_options(${target} PRIVATE -O2)
  endif()
  foreach(library IN LISTS LAYER_THIRD_PARTY)
    target_link_libraries(${target} PRIVATE dependency_${library})
  endforeach()
  refgate_fence(${target} EXCEPT ${LAYER_THIRD_PARTY})
  if(REFGATE_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM refgate_precompiled)
  endif()
endfunction()

# refgate_group(name layer…): several layers under one name, for tests.
function(refgate_group name)
  add_library(refgate_all_${name} INTERFACE)
  foreach(layer IN LISTS ARGN)
    refgate_layer_target(target ${layer})
    target_link_libraries(refgate_all_${name} INTERFACE ${target})
  endforeach()
endfunction()
