#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <set>
#include <utility>

#include "lint/finding/fix.h"
#include "lint/rule/rule.h"
#include "lint/run/baseline.h"
#include "lint/run/lint.h"
#include "lint/text/nearest.h"
#include "lint/text/printable.h"
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
  std::vector<std::string> files;  ///< that were looked at
  std::string diff;
  std::string errors;
  int status = 0;  ///< of a failure; 0 when it was checked
};

/// A message of one line, whatever the names and texts in it hold.
std::string error_line(const std::string& text) { return printable(text) + "\n"; }

bool is_travelling(const std::string& root) {
  return root.starts_with('/') || root.starts_with("../");
}

/// Files that were linted, or are none that can be: loose ones that are no workflow do not count,
/// nor does what stands on the standard input and is none.
std::vector<std::string> checked_files(const Project& project) {
  std::vector<std::string> files;
  for (const Workflow& workflow : project.workflows()) {
    if (workflow.selected &&
        (workflow.file != stdin_name || looks_like_workflow(*workflow.document)))
      files.push_back(workflow.file);
  }
  for (const Action& action : project.actions()) {
    if (action.selected) files.push_back(action.file);
  }
  // What could not be read at all was not looked at.
  for (const Unreadable& unreadable : project.unreadable()) {
    if (!unreadable.missing) files.push_back(unreadable.file);
  }
  return files;
}

/// One sentence when no rule has one of these ids.
std::optional<std::string> unknown_rule(const LintRequest& request) {
  for (const std::vector<std::string>* ids : {&request.select, &request.ignore}) {
    for (const std::string& id : *ids) {
      if (find_rule(id) == nullptr)
        return "no rule has this id: " + unknown_word(id, rule_ids()) + "; nothing was checked";
    }
  }
  return std::nullopt;
}

void choose_rules(const LintRequest& request, LintConfig& config) {
  const auto turn = [&](std::string_view id, bool on) {
    RuleConfig& rule = config.rules[std::string(id)];
    rule.on = on;
    rule.off = !on;
  };
  if (!request.select.empty()) {
    for (const std::string_view id : rule_ids()) {
      if (id != "syntax") turn(id, false);
    }
    for (const std::string& id : request.select)
      turn(id, true);
  }
  for (const std::string& id : request.ignore)
    turn(id, false);
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
    const double begun = seams_.clock ? seams_.clock() : 0;
    if (const auto unknown = unknown_rule(request_))
      return {usage_status, "", error_line(*unknown)};
    if (const auto problem = take_baseline())
      return {usage_status, "",
              error_line(request_.baseline + ": " + *problem + "; nothing was checked")};
    if (LintConfig config; !request_.config.empty()) {
      if (const std::optional<Part> bad = read_config({}, config))
        return {bad->status, "", bad->errors};
    }
    const auto found = find_projects(
        request_.paths.empty() ? std::vector<std::string>{"."} : request_.paths, seams_.files);
    if (const auto* message = std::get_if<std::string>(&found))
      return {usage_status, "", error_line(*message + "; nothing was checked")};
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
      const bool travels =
          request_.with_sarif || request_.write_baseline || !request_.baseline.empty();
      const std::string prefix =
          shown_prefix(projects[project].root, projects, travels ? Format::sarif : request_.format);
      for (std::string& file : parts[project].files)
        file.insert(0, prefix);
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
    LintOutcome outcome = merge(std::move(parts), begun);
    say_what_is_missing(projects, outcome);
    return outcome;
  }

 private:
  std::optional<std::string> take_baseline() {
    if (request_.baseline.empty()) return std::nullopt;
    if (seams_.files.kind(request_.baseline) != Files::Kind::file)
      return "there is no such baseline; write one with --write-baseline FILE";
    const std::optional<std::string> text = seams_.files.read(request_.baseline);
    if (!text) return "the baseline cannot be read";
    auto read = read_baseline(*text);
    if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
    baseline_ = std::get<Baseline>(std::move(read));
    return std::nullopt;
  }

  /// A place that was named, or the place where one stands, and that holds no workflow: a check
  /// that checks nothing must not pass. Files that a hook names may be anything.
  void say_what_is_missing(const std::vector<ProjectPaths>& projects, LintOutcome& outcome) const {
    if (outcome.status == failed_status || outcome.status == usage_status) return;
    const std::vector<std::string> here{"."};
    for (const std::string& path : request_.paths.empty() ? here : request_.paths) {
      const bool is_stdin = path == stdin_name;
      if (!is_stdin && seams_.files.kind(path) != Files::Kind::folder) continue;
      const auto found = find_projects({path}, seams_.files);
      const auto* below = std::get_if<std::vector<ProjectPaths>>(&found);
      const bool any =
          below != nullptr && std::any_of(below->begin(), below->end(), [&](const auto& project) {
            return std::any_of(
                project.selected.begin(), project.selected.end(),
                [&](const std::string& file) { return checked_.contains(project.root + file); });
          });
      if (any || (below != nullptr && !below->empty() && projects.empty())) continue;
      outcome.status = usage_status;
      outcome.errors +=
          error_line((is_stdin ? "there is no workflow on the standard input"
                               : "no workflow was found below " + (path.empty() ? "\"\"" : path)) +
                     std::string("; nothing was checked"));
    }
    if (outcome.status == usage_status && checked_.empty()) outcome.output.clear();
  }

  Part lint_one(const ProjectPaths& paths, unsigned threads) {
    Part part;
    LintConfig config;
    if (std::optional<Part> bad = read_config(paths, config)) return *std::move(bad);
    choose_rules(request_, config);
    Project project = read_project(paths, files_, threads);
    for (const Unreadable& unreadable : project.unreadable()) {
      if (!unreadable.missing) continue;
      part.status = failed_status;
      part.errors += error_line(paths.root + unreadable.file + ": " + unreadable.problem.message +
                                ", and was not checked");
    }
    LintResult result = lint_project(project, config, threads);
    part.files = checked_files(project);
    note_checked(paths.root, part.files);
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
      return Part{.errors = error_line(path + ": there is no such file; nothing was checked"),
                  .status = usage_status};
    }
    if (request_.config.empty() &&
        seams_.files.reach_of(paths.root, ".github/refgate.yml") == Files::Reach::outside)
      return Part{
          .errors = error_line(path + ": the configuration is a link out of the project; nothing "
                                      "was checked"),
          .status = failed_status};
    std::optional<std::string> text = seams_.files.read(path);
    if (!text)
      return Part{
          .errors = error_line(path + ": the configuration cannot be read; nothing was checked"),
          .status = failed_status};
    auto read = read_lint_config(*std::move(text));
    if (const auto* problem = std::get_if<ConfigProblem>(&read)) {
      const std::string place =
          std::to_string(problem->place.line) + ":" + std::to_string(problem->place.column);
      return Part{.errors = error_line(path + ":" + place + ": " + problem->message +
                                       "; nothing was checked"),
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
        part.errors +=
            error_line(paths.root + file + ": the file is a link, and was left as it was");
        continue;
      } else if (!seams_.write || !seams_.write(paths.root + file, outcome.text)) {
        part.status = failed_status;
        part.errors +=
            error_line(paths.root + file + ": the fixed file cannot be written, and is as it was");
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

  void note_checked(const std::string& root, const std::vector<std::string>& files) {
    const std::lock_guard lock(mutex_);
    for (const std::string& file : files)
      checked_.insert(root + file);
  }

  /// Files that were named one by one, and are no workflow.
  std::size_t passed_over() const {
    return static_cast<std::size_t>(std::count_if(
        request_.paths.begin(), request_.paths.end(),
        [&](const std::string& path) { return seams_.files.kind(path) == Files::Kind::file; }));
  }

  void progress() {
    const std::lock_guard lock(mutex_);
    // Files that were not asked for are read too, to look things up in.
    done_ = std::min(done_ + 1, total_);
    seams_.progress(done_, total_);
  }

  /// Leaves out what the baseline names, and tells what is gone of it.
  void sift_known(const std::set<std::string>& files, std::vector<Finding>& findings,
                  ReportFacts& facts) const {
    const auto is_checked = [&](const std::string& file) {
      return files.contains(file) ||
             (request_.paths.empty() && seams_.files.kind(file) == Files::Kind::missing);
    };
    facts.known = baseline_.sift(findings, is_checked, facts.gone);
    // What is left out, or ignored, is not gone.
    std::erase_if(facts.gone, [&](const GoneFinding& gone) {
      const auto is = [&](const std::string& id) { return id == gone.rule; };
      return (!request_.select.empty() &&
              std::none_of(request_.select.begin(), request_.select.end(), is)) ||
             std::any_of(request_.ignore.begin(), request_.ignore.end(), is);
    });
  }

  LintOutcome merge(std::vector<Part> parts, double begun) const {
    LintOutcome outcome;
    std::vector<Finding> findings;
    ReportFacts facts;
    facts.colour = request_.colour;
    std::string diff;
    std::set<std::string> files;
    for (Part& part : parts) {
      files.insert(part.files.begin(), part.files.end());
      std::move(part.findings.begin(), part.findings.end(), std::back_inserter(findings));
      facts.files += part.files.size();
      facts.ignored += part.ignored;
      diff += part.diff;
      outcome.errors += part.errors;
      outcome.status = std::max(outcome.status, part.status);
    }
    const Severity shown = request_.min_severity.value_or(Severity::note);
    const Severity counted = request_.min_severity.value_or(Severity::warning);
    std::erase_if(findings, [&](const Finding& finding) { return finding.severity < shown; });
    if (request_.write_baseline) {
      const Baseline list(findings);
      if (outcome.status != 0) return outcome;
      outcome.baseline = list.text();
      outcome.output = std::to_string(list.size()) +
                       (list.size() == 1 ? " finding is" : " findings are") +
                       " known from now on\n";
      return outcome;
    }
    if (!request_.baseline.empty()) sift_known(files, findings, facts);
    if (facts.files == 0) facts.named = passed_over();
    if (seams_.clock) facts.seconds = seams_.clock() - begun;
    const bool any = std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.severity >= counted;
    });
    if (request_.with_sarif && outcome.status == 0) outcome.sarif = render_sarif(findings, facts);
    if (outcome.status == 0 && any && request_.format != Format::sarif) outcome.status = 1;
    if (outcome.status >= usage_status && facts.files == 0) return outcome;
    outcome.output = request_.diff ? diff : render(request_.format, findings, facts);
    return outcome;
  }

  const LintRequest& request_;
  const LintSeams& seams_;
  Files files_;  ///< which count what is read
  Baseline baseline_;
  std::set<std::string> checked_;  ///< by their paths
  std::mutex mutex_;
  std::size_t done_ = 0;
  std::size_t total_ = 0;
};

}  // namespace

LintOutcome run_lint(const LintRequest& request, const LintSeams& seams) {
  if (!request.explain.empty()) {
    Explanation explanation = explain_rule(request.explain);
    if (!explanation.known) return {usage_status, "", error_line(explanation.text)};
    return {0, std::move(explanation.text), ""};
  }
  try {
    return Run(request, seams).lint_all();
  } catch (const std::exception& error) {
    return {failed_status, "",
            error_line(std::string("the run failed, and nothing was checked: ") + error.what())};
  }
}

}  // namespace refgate::lint
