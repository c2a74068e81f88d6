#include "cli/workflows/disk_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <variant>

#include "os/file/regular_file.h"
#include "os/file/replaced_file.h"

namespace refgate {
namespace {

namespace fs = std::filesystem;

/// At most one byte more than a document may have.
std::optional<std::string> read_bounded(const std::string& path) {
  auto read = read_regular_file(path, lint::max_document_bytes + 1);
  if (std::holds_alternative<Unread>(read)) return std::nullopt;
  return std::move(std::get<FileText>(read).bytes);
}

/// A path into the folder that one stands in, by which a link of a hostile checkout leads out of
/// it.
bool leads_out(const std::string& path, const fs::path& target) {
  const fs::path given = fs::path(path).lexically_normal();
  if (given.is_absolute() || (!given.empty() && *given.begin() == "..")) return false;
  std::error_code error;
  const fs::path here = fs::canonical(".", error);
  if (error) return true;
  return std::mismatch(here.begin(), here.end(), target.begin(), target.end()).first != here.end();
}

/// Where the folders of projects really lie, asked once each.
class Folders {
 public:
  /// With `/` at its end; empty when there is no such folder.
  std::string real(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = known_.try_emplace(folder);
    if (is_new) {
      std::error_code error;
      const fs::path real = fs::canonical(folder.empty() ? "." : folder, error);
      if (!error) known->second = real == "/" ? "/" : real.string() + "/";
    }
    return known->second;
  }

  /// Where a file really lies; empty when it is not there. What is no link lies in its folder.
  std::string real_file(const std::string& path) {
    const std::size_t name = path.rfind('/') + 1;
    std::error_code error;
    const fs::file_type type = fs::symlink_status(path, error).type();
    if (type == fs::file_type::not_found) return {};
    if (type == fs::file_type::regular) {
      const std::string folder = real(path.substr(0, name));
      return folder.empty() ? folder : folder + path.substr(name);
    }
    const std::string real = fs::canonical(path, error).string();
    return error ? std::string() : real;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> known_;
};

}  // namespace

lint::Files disk_files() {
  lint::Files files;
  files.read = read_bounded;
  files.list = [](const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, error))
      if (entry.is_regular_file(error)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  };
  files.kind = [](const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path.empty() ? "." : path, error);
    if (fs::is_directory(status)) return lint::Files::Kind::folder;
    if (fs::is_regular_file(status)) return lint::Files::Kind::file;
    return fs::exists(status) ? lint::Files::Kind::other : lint::Files::Kind::missing;
  };
  files.reach = [folders = std::make_shared<Folders>()](const std::string& root,
                                                        const std::string& file) {
    const std::string base = folders->real(root);
    if (base.empty()) return lint::Files::Reach::outside;
    const std::string real = folders->real_file(root + file);
    if (real.empty()) return lint::Files::Reach::own;  // it is not there: reading it says so
    if (real == base + file) return lint::Files::Reach::own;
    if (!real.starts_with(base)) return lint::Files::Reach::outside;
    return fs::is_symlink(root + file) ? lint::Files::Reach::linked : lint::Files::Reach::own;
  };
  return files;
}

bool write_text_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

bool replace_workflow_file(const std::string& path, const std::string& text) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (error || leads_out(path, target)) return false;
  return replace_file(target.string(), text, true);
}

}  // namespace refgate
