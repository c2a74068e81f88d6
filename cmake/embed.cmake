# refgate_embed(OUT DIRECTORY GLOB FUNCTION): a source file whose function returns the files of a directory that match a pattern, as name and text, sorted
# by name. OUT names the variable that gets the source's path. A new or changed file needs no edit here.
function(refgate_embed out directory pattern function)
  file(GLOB files CONFIGURE_DEPENDS "${directory}/${pattern}")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp")
  add_custom_command(
    OUTPUT "${source}"
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DDIRECTORY=${directory} -DPATTERN=${pattern} -DFUNCTION=${function}
            -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed_files.cmake
    DEPENDS ${files} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed_files.cmake
    COMMENT "Embedding ${pattern} as ${function}"
    VERBATIM)
  set(${out} "${source}" PARENT_SCOPE)
endfunction()
