#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <utility>

#include "lint/finding/fix.h"
#include "lint/rule/rule.h"
#include "lint/run/lint.h"
#include "lint/workflow/parallel.h"

namespace refgate::lint {
namespace {

constexpr int usage_status = 2;
constexpr int failed_status = 3;
// A repository with so many files for each thread keeps the threads busy by itself.
constexpr unsigned shared_files = 8;

/// What came of one repository.
struct Part {
  std::vector<Finding> findings;
  std::size_t ignored = 0;
  std::size_t files = 0;
  std::string diff;
  std::string errors;
  int status = 0;  ///< of a failure; 0 when it was checked
};

bool is_travelling(const std::string& root) {
  return root.starts_with('/') || root.starts_with("../");
}

/// Files that were linted, or could not be: loose ones that are no workflow do not count.
std::size_t checked_files(const Project& project) {
  const auto is_selected = [](const auto& file) { return file.selected; };
  const auto& workflows = project.workflows();
  const auto& actions = project.actions();
  return static_cast<std::size_t>(std::count_if(workflows.begin(), workflows.end(), is_selected) +
                                  std::count_if(actions.begin(), actions.end(), is_selected)) +
         project.unreadable().size();
}

/// What stands before the files of a repository in a report.
std::string shown_prefix(const std::string& root, const std::vector<ProjectPaths>& all,
                         Format format) {
  if (!is_travelling(root) || format == Format::text) return root;
  if (all.size() == 1) return "";
  // Several repositories: what tells them apart.
  std::size_t common = root.size();
  for (const ProjectPaths& other : all) {
    const auto differs =
        std::mismatch(root.begin(), root.end(), other.root.begin(), other.root.end()).first;
    common = std::min(common, static_cast<std::size_t>(differs - root.begin()));
  }
  const std::size_t slash = common == 0 ? std::string::npos : root.rfind('/', common - 1);
  return slash == std::string::npos ? root : root.substr(slash + 1);
}

class Run {
 public:
  Run(const LintRequest& request, const LintSeams& seams)
      : request_(request), seams_(seams), files_(seams.files) {
    if (!seams.progress) return;
    files_.read = [this](const std::string& path) {
      progress();
      return seams_.files.read(path);
    };
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  LintOutcome lint_all() {
    if (LintConfig config; !request_.config.empty()) {
      if (const std::optional<Part> bad = read_config({}, config))
        return {bad->status, "", bad->errors};
    }
    const auto found = find_projects(
        request_.paths.empty() ? std::vector<std::string>{"."} : request_.paths, seams_.files);
    if (const auto* message = std::get_if<std::string>(&found))
      return {usage_status, "", *message + "; nothing was checked\n"};
    const auto& projects = std::get<std::vector<ProjectPaths>>(found);
    for (const ProjectPaths& project : projects)
      total_ += project.selected.size();

    // The largest first, so that none is begun when all others are done.
    std::vector<std::size_t> order(projects.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
      return projects[left].selected.size() > projects[right].selected.size();
    });
    std::vector<Part> parts(projects.size());
    const auto run = [&](std::size_t project, unsigned threads) {
      parts[project] = lint_one(projects[project], threads);
      const std::string prefix = shown_prefix(
          projects[project].root, projects, request_.with_sarif ? Format::sarif : request_.format);
      for (Finding& finding : parts[project].findings) {
        finding.location.file.insert(0, prefix);
        for (Related& related : finding.related)
          related.location.file.insert(0, prefix);
      }
    };
    // Large ones one by one, so that only one of them is in memory, and few small ones too; many
    // small ones side by side.
    std::size_t large = 0;
    while (large < order.size() &&
           projects[order[large]].selected.size() >= std::size_t{shared_files} * request_.threads)
      run(order[large++], request_.threads);
    const bool side_by_side =
        order.size() - large >= 2 * static_cast<std::size_t>(request_.threads);
    for_each_index(
        order.size() - large, side_by_side ? request_.threads : 1,
        [&](std::size_t index) { run(order[large + index], side_by_side ? 1 : request_.threads); });
    return merge(std::move(parts));
  }

 private:
  Part lint_one(const ProjectPaths& paths, unsigned threads) {
    Part part;
    LintConfig config;
    if (std::optional<Part> bad = read_config(paths, config)) return *std::move(bad);
    Project project = read_project(paths, files_, threads);
    for (const Unreadable& unreadable : project.unreadable()) {
      if (!unreadable.missing) continue;
      part.status = failed_status;
      part.errors += paths.root + unreadable.file + ": " + unreadable.problem.message +
                     ", and was not checked\n";
    }
    LintResult result = lint_project(project, config, threads);
    part.files = checked_files(project);
    part.ignored = result.ignored;
    part.findings = std::move(result.findings);
    if (request_.fix != FixKind::none || request_.diff) fix(paths, project, config, part);
    return part;
  }

  std::optional<Part> read_config(const ProjectPaths& paths, LintConfig& config) const {
    const std::string path =
        request_.config.empty() ? paths.root + ".github/refgate.yml" : request_.config;
    if (seams_.files.kind(path) != Files::Kind::file) {
      if (request_.config.empty()) return std::nullopt;
      return Part{.errors = path + ": there is no such file; nothing was checked\n",
                  .status = usage_status};
    }
    if (request_.config.empty() &&
        seams_.files.reach_of(paths.root, ".github/refgate.yml") == Files::Reach::outside)
      return Part{.errors = path +
                            ": the configuration is a link out of the project; nothing was "
                            "checked\n",
                  .status = failed_status};
    std::optional<std::string> text = seams_.files.read(path);
    if (!text)
      return Part{.errors = path + ": the configuration cannot be read; nothing was checked\n",
                  .status = failed_status};
    auto read = read_lint_config(*std::move(text));
    if (const auto* problem = std::get_if<ConfigProblem>(&read)) {
      const std::string place =
          std::to_string(problem->place.line) + ":" + std::to_string(problem->place.column);
      return Part{
          .errors = path + ":" + place + ": " + problem->message + "; nothing was checked\n",
          .status = usage_status};
    }
    config = std::get<LintConfig>(std::move(read));
    return std::nullopt;
  }

  /// Fixes the files of a project one after the other; each sees the ones before it as they are
  /// then.
  void fix(const ProjectPaths& paths, Project& project, const LintConfig& config,
           Part& part) const {
    const FixKind allowed = request_.fix == FixKind::none ? FixKind::safe : request_.fix;
    bool changed = false;
    std::vector<std::string> files;
    for (const Finding& finding : part.findings) {
      if (!finding.fixes.empty() && (files.empty() || files.back() != finding.location.file))
        files.push_back(finding.location.file);
    }
    for (const std::string& file : files) {
      const Document* document = project.document_of(file);
      if (document == nullptr) continue;
      const std::string before(document->text());
      const auto relint = [&](const std::string& text) {
        std::vector<Finding> findings = lint(project.with(file, text), config);
        std::erase_if(findings,
                      [&](const Finding& finding) { return finding.location.file != file; });
        return findings;
      };
      const FixOutcome outcome = apply_fixes(before, allowed, relint);
      if (outcome.applied == 0) continue;
      if (request_.diff) {
        part.diff += unified_diff(paths.root + file, before, outcome.text);
      } else if (seams_.files.reach_of(paths.root, file) != Files::Reach::own) {
        part.status = failed_status;
        part.errors += paths.root + file + ": the file is a link, and was left as it was\n";
        continue;
      } else if (!seams_.write || !seams_.write(paths.root + file, outcome.text)) {
        part.status = failed_status;
        part.errors += paths.root + file + ": the fixed file cannot be written, and is as it was\n";
        continue;
      }
      project = project.with(file, outcome.text);
      changed = true;
    }
    if (!changed || request_.diff) return;
    LintResult result = lint_project(project, config);
    part.ignored = result.ignored;
    part.findings = std::move(result.findings);
  }

  void progress() {
    const std::lock_guard lock(mutex_);
    // Files that were not asked for are read too, to look things up in.
    done_ = std::min(done_ + 1, total_);
    seams_.progress(done_, total_);
  }

  LintOutcome merge(std::vector<Part> parts) const {
    LintOutcome outcome;
    std::vector<Finding> findings;
    ReportFacts facts;
    facts.colour = request_.colour;
    std::string diff;
    for (Part& part : parts) {
      std::move(part.findings.begin(), part.findings.end(), std::back_inserter(findings));
      facts.files += part.files;
      facts.ignored += part.ignored;
      diff += part.diff;
      outcome.errors += part.errors;
      outcome.status = std::max(outcome.status, part.status);
    }
    const Severity shown = request_.min_severity.value_or(Severity::note);
    const Severity counted = request_.min_severity.value_or(Severity::warning);
    std::erase_if(findings, [&](const Finding& finding) { return finding.severity < shown; });
    const bool any = std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.severity >= counted;
    });
    if (request_.with_sarif && outcome.status == 0) outcome.sarif = render_sarif(findings, facts);
    if (outcome.status == 0 && any && request_.format != Format::sarif) outcome.status = 1;
    outcome.output = request_.diff ? diff : render(request_.format, findings, facts);
    return outcome;
  }

  const LintRequest& request_;
  const LintSeams& seams_;
  Files files_;  ///< which count what is read
  std::mutex mutex_;
  std::size_t done_ = 0;
  std::size_t total_ = 0;
};

}  // namespace

LintOutcome run_lint(const LintRequest& request, const LintSeams& seams) {
  if (!request.explain.empty()) {
    Explanation explanation = explain_rule(request.explain);
    if (!explanation.known) return {usage_status, "", explanation.text + "\n"};
    return {0, std::move(explanation.text), ""};
  }
  try {
    return Run(request, seams).lint_all();
  } catch (const std::exception& error) {
    return {failed_status, "",
            std::string("the run failed, and nothing was checked: ") + error.what() + "\n"};
  }
}

}  // namespace refgate::lint
