# A layer is a static library whose headers only those see who link it.
#
# `#include "core/claim.h"` resolves through build/layers/core, which holds nothing but the link core -> src/core; a target that does not link the
# layer has no such directory. Third-party headers lie in /usr/include, which every target sees, so each target that does not link a library gets a
# fence in front of it: a header of the same name that refuses to compile.
set(REFGATE_FENCED git2 yaml-cpp CLI11)

function(refgate_fence target)
  cmake_parse_arguments(FENCE "" "" "EXCEPT" ${ARGN})
  foreach(library IN LISTS REFGATE_FENCED)
    if(NOT library IN_LIST FENCE_EXCEPT)
      target_include_directories(${target} BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/cmake/fence/${library})
    endif()
  endforeach()
endfunction()

# refgate_layer(name SOURCES a.cpp … LAYERS lower … THIRD_PARTY git2 …)
function(refgate_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;LAYERS;THIRD_PARTY" ${ARGN})
  add_library(refgate_${name} STATIC ${LAYER_SOURCES})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/layers/${name})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_BINARY_DIR}/layers/${name}/${name} SYMBOLIC)
  target_include_directories(refgate_${name} PUBLIC ${CMAKE_BINARY_DIR}/layers/${name})
  foreach(lower IN LISTS LAYER_LAYERS)
    target_link_libraries(refgate_${name} PUBLIC refgate_${lower})
  endforeach()
  target_link_libraries(refgate_${name} PRIVATE refgate_flags)
  foreach(library IN LISTS LAYER_THIRD_PARTY)
    target_link_libraries(refgate_${name} PRIVATE dependency_${library})
  endforeach()
  refgate_fence(refgate_${name} EXCEPT ${LAYER_THIRD_PARTY})
endfunction()
