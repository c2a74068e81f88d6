# Run by embed.cmake at build time: writes SOURCE with the files of DIRECTORY that match PATTERN. The texts are written as bytes, since no raw string
# literal could hold any text, and no quoting rule of CMake is then in the way.
file(GLOB files "${DIRECTORY}/${PATTERN}")
list(SORT files)
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME_WE)
  file(READ "${file}" hex HEX)
  # What an action runs names the digests of the binaries, so that no binary can hold it: its text ends before the line "runs:".
  if(name STREQUAL "action")
    string(FIND "${hex}" "0a72756e733a0a" end)
    math(EXPR end "${end} + 2")
    string(SUBSTRING "${hex}" 0 ${end} hex)
  endif()
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "constexpr char text${number}[] = {${bytes}'\\0'};\n")
  string(APPEND rows "    {\"${name}\", {text${number}, sizeof text${number} - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
if(number EQUAL 0)
  set(body "  return {};\n")
else()
  set(body "  static constexpr EmbeddedFile files[] = {\n${rows}  };\n  return files;\n")
endif()
file(WRITE "${SOURCE}"
"#include \"lint/github/embedded.h\"

namespace refgate::lint {
namespace {
${arrays}}  // namespace

std::span<const EmbeddedFile> ${FUNCTION}() {
${body}}

}  // namespace refgate::lint
")
