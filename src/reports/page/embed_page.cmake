# Run at build time: writes SOURCE with the text of PAGE as the function report_page(). The text is written as bytes, since no raw string literal holds
# a text of that length on every compiler.
file(READ "${PAGE}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
file(WRITE "${SOURCE}"
"#include \"reports/page/report_page.h\"

namespace refgate {
namespace {
constexpr char text[] = {${bytes}'\\0'};
}

std::string_view report_page() { return {text, sizeof text - 1}; }

}  // namespace refgate
")
