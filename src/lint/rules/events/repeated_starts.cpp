#include "lint/rules/events/repeated_starts.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "lint/agents/agent_work.h"
#include "lint/agents/launches.h"
#include "lint/gates/gate_before.h"
#include "lint/github/supposed_run.h"
#include "lint/text/mention.h"
#include "lint/workflow/cron.h"

namespace refgate::lint {
namespace {

class Finder {
 public:
  Finder(const Subject& subject, Sink& sink)
      : subject_(subject), sink_(sink), launches_(launches_of(subject)) {}

  void find() {
    if (launches_.empty()) return;
    find_any_value();
    find_crons();
  }

 private:
  const LaunchConditions& conditions(std::size_t launch) const {
    return conditions_of(subject_, launches_[launch]);
  }

  /// Something that is put on a subject, and comes as an event for each piece of it.
  struct Given {
    std::string_view type;
    ContextPath which;  ///< what names the piece that was just given
    std::string_view what;
    std::string_view piece;
    bool one_at_a_time = false;  ///< there is one of it at most, and only `opened` comes with it
  };

  static const std::vector<Given>& given() {
    static const std::vector<Given> all = {
        {"labeled", {"github", "event", "label", "name"}, "label", "github.event.label.name"},
        {"unlabeled", {"github", "event", "label", "name"}, "label", "github.event.label.name"},
        {"assigned",
         {"github", "event", "assignee", "login"},
         "assignee",
         "github.event.assignee.login"},
        {"review_requested",
         {"github", "event", "requested_reviewer", "login"},
         "reviewer",
         "github.event.requested_reviewer.login"},
        {"edited", {"github", "event", "changes", "body"}, "edit", "github.event.changes.body"},
        {"milestoned",
         {"github", "event", "milestone", "title"},
         "milestone",
         "github.event.milestone.title",
         true},
        {"typed", {"github", "event", "type", "name"}, "type", "github.event.type.name", true}};
    return all;
  }

  /// The gates that a launch may ask about: its own job's, and of the others so many.
  std::vector<const GatedJob*> near_gates(const AgentLaunch& launch) const {
    constexpr std::size_t most = 32;
    std::vector<const GatedJob*> found;
    for (const GatedJob& gated : gated_jobs_of(subject_, launch.workflow())) {
      if (gated.job == &launch.job() || found.size() < most) found.push_back(&gated);
    }
    return found;
  }

  /// With what the gates on the way say when they say run: each of these events is one to them.
  Scope let_through(Scope scope, const AgentLaunch& launch) const {
    for (const GatedJob* gated : near_gates(launch)) {
      const GateView& view = view_from(launch.job(), *gated);
      scope = view.scope(false, scope);
      for (const GateSignal& signal : view.signals()) {
        if (signal.role == GateRole::attempt) scope.set(signal.path, Value::string("1"));
      }
    }
    scope.set("github.run_attempt", Value::string("1"));
    return scope;
  }

  /// Whether the launch is reached when something else than what its condition waits for was
  /// given, while that is there already.
  bool is_reached_by_any(std::size_t launch, const SupposedRun& run, const Given& given) const {
    const std::vector<const Expression*> all = conditions(launch).all();
    if (given.type == "edited" && asks_what_changed(all)) return false;
    for (const std::string& repository : repositories_named(all)) {
      SupposedRun here = run;
      here.repository = repository;
      Scope scope = let_through(scope_of(here), launches_[launch]);
      if (given.what != "label") scope.set("github.event.label", Value());
      scope.set(given.which, Value::string("another"));
      if (conditions(launch).runs(scope) == Truth::yes &&
          answers_text(*launches_[launch].launch, here.text))
        return true;
    }
    return false;
  }

  static bool asks_what_changed(const std::vector<const Expression*>& conditions) {
    return std::any_of(conditions.begin(), conditions.end(), [](const Expression* condition) {
      const std::vector<Reference> all = references(*condition);
      return std::any_of(all.begin(), all.end(), [](const Reference& reference) {
        return refers_into(reference, {"github", "event", "changes"});
      });
    });
  }

  /// `github.event.issue.milestone` is the one that was just given.
  static bool is_of_subject(const Reference& reference, const std::string& piece) {
    return refers_into(reference, {"github", "event", "issue", piece}) ||
           refers_into(reference, {"github", "event", "pull_request", piece});
  }

  /// Whether nothing on the way asks what was given, and all that is asked is known from the event:
  /// then whatever else its conditions say, they say it again for the next piece.
  bool asks_nothing_of(std::size_t launch, const Trigger& trigger, const Given& given) const {
    const ContextPath piece(given.which.begin(), given.which.begin() + 3);
    bool asks_subject = false;
    for (const Expression* condition : conditions(launch).all()) {
      for (const Reference& reference : references(*condition)) {
        if (refers_into(reference, piece)) return false;
        asks_subject =
            asks_subject || (given.one_at_a_time && is_of_subject(reference, piece.back()));
        if (given.what == "reviewer" &&
            refers_into(reference, {"github", "event", "requested_team"}))
          return false;
        if (!refers_into(reference, {"github"}) && !is_verdict(launch, reference)) return false;
      }
      if (names_function_of_files(*condition)) return false;
    }
    const std::string word = "event." + piece.back();
    for (const Step* step : conditions(launch).steps_before()) {
      if (step->node.source().find(word) != std::string_view::npos) return false;
    }
    if (launches_[launch].launch->node.source().find(word) != std::string_view::npos) return false;
    Scope scope = let_through(scope_of_event(trigger.event, given.type), launches_[launch]);
    if (given.what != "label") scope.set("github.event.label", Value());
    if (given.one_at_a_time &&
        conditions(launch).runs(
            let_through(scope_of_event(trigger.event, "opened"), launches_[launch])) == Truth::no)
      return false;
    // What wants a subject with one is told of the same one by `opened` and by this event.
    if (asks_subject) {
      Scope without = scope;
      for (const char* subject : {"issue", "pull_request"})
        without.set(ContextPath{"github", "event", subject, piece.back()}, Value());
      if (conditions(launch).runs(without) != Truth::no) return false;
    }
    return conditions(launch).runs(scope) != Truth::no &&
           answers_text(*launches_[launch].launch,
                        std::string(awaited_phrase(*launches_[launch].launch)));
  }

  /// Whether the agent is told which piece it was, so that each one is other work.
  static bool is_told_which(const AgentLaunch& launch, std::string_view piece) {
    const std::string word = "event." + std::string(piece);
    const auto tells = [&](YamlNode node) {
      const std::string_view text = node.source();
      for (const std::string_view each :
           {std::string_view(word), std::string_view("toJSON(github.event)"),
            std::string_view("GITHUB_EVENT_PATH"), std::string_view("github.event_path")}) {
        for (std::size_t at = text.find(each); at != std::string_view::npos;
             at = text.find(each, at + 1)) {
          // `event.labels` is what is there, and not what was put on.
          const std::size_t end = at + each.size();
          if (end >= text.size() || text[end] != 's') return true;
        }
      }
      return false;
    };
    for (const Step* step : {launch.step, launch.launch}) {
      for (const YamlNode node : {step->with.value, step->env.value, step->run.value}) {
        if (tells(node)) return true;
      }
    }
    return tells(launch.job().env.value) || tells(launch.own_job().with.value);
  }

  static bool names_function_of_files(const Expression& condition) {
    const std::vector<FunctionUse> calls = functions(condition);
    return std::any_of(calls.begin(), calls.end(), [](const FunctionUse& call) {
      return same_name(call.name, "hashFiles") || same_name(call.name, "failure") ||
             same_name(call.name, "cancelled");
    });
  }

  /// What a gate on the way says, or for which attempt.
  bool is_verdict(std::size_t launch, const Reference& reference) const {
    const std::vector<const GatedJob*> near = near_gates(launches_[launch]);
    return std::any_of(near.begin(), near.end(), [&](const GatedJob* gated) {
      const GateView& view = view_from(launches_[launch].job(), *gated);
      return std::any_of(
          view.signals().begin(), view.signals().end(), [&](const GateSignal& signal) {
            return signal.role >= GateRole::attempt && refers_to(reference, signal.path);
          });
    });
  }

  /// A launch that each further label (assignee, reviewer) starts again, whatever it is.
  std::optional<std::size_t> launched_by_any(const Trigger& trigger, const Given& given) const {
    for (std::size_t at = 0; at < launches_.size(); ++at) {
      if (!answers_event(*launches_[at].launch, trigger.event, given.type) ||
          is_told_which(launches_[at], given.which[2]))
        continue;
      if (asks_nothing_of(at, trigger, given)) return at;
      const std::vector<const Expression*> all = conditions(at).all();
      std::vector<std::string> texts{""};
      for (std::string& phrase : phrases_named(all))
        texts.push_back(std::move(phrase));
      if (const std::string_view awaited = awaited_phrase(*launches_[at].launch); !awaited.empty())
        texts.emplace_back(awaited);
      std::vector<std::string> labels = labels_named(all);
      labels.emplace_back("");
      for (const std::string& text : texts) {
        for (const std::string& label : labels) {
          if (is_reached_by_any(at,
                                {.event = std::string(trigger.event),
                                 .type = std::string(given.type),
                                 .text = text,
                                 .label = label},
                                given))
            return at;
        }
      }
    }
    return std::nullopt;
  }

  /// Where a workflow says that it listens to a type; absent when it does not.
  YamlNode listens_at(const Trigger& trigger, std::string_view type) const {
    if (!trigger.types) {
      const EventFact* fact = subject_.facts().event(trigger.event);
      const bool by_default =
          fact != nullptr && std::find(fact->default_types.begin(), fact->default_types.end(),
                                       type) != fact->default_types.end();
      return by_default ? trigger.key : YamlNode();
    }
    const auto listed = std::find_if(trigger.types.values.begin(), trigger.types.values.end(),
                                     [&](YamlNode each) { return each.text() == type; });
    return listed == trigger.types.values.end() ? YamlNode() : *listed;
  }

  void find_any_value() {
    for (const Trigger& trigger : subject_.workflow->triggers) {
      for (const Given& each : given()) {
        const YamlNode place = listens_at(trigger, each.type);
        // Without a list of types edits come along by the way; with one they are asked for.
        if (!place || (each.type == "edited" && !trigger.types)) continue;
        if (each.one_at_a_time && !listens_at(trigger, "opened")) continue;
        const std::optional<std::size_t> at = launched_by_any(trigger, each);
        if (!at) continue;
        report_any_value(trigger, place, each, launches_[*at]);
        return;
      }
    }
  }

  void report_any_value(const Trigger& trigger, YamlNode type, const Given& given,
                        const AgentLaunch& launch) {
    const YamlNode opened = listens_at(trigger, "opened");
    const EventFact* fact = subject_.facts().event(trigger.event);
    const bool together = static_cast<bool>(opened) && fact != nullptr &&
                          std::find(fact->with_opened.begin(), fact->with_opened.end(),
                                    given.type) != fact->with_opened.end();
    const std::string what(given.what);
    auto report = sink_.report(
        subject_, type,
        given.one_at_a_time
            ? "what is opened with a " + what + " launches the agent twice, for `opened` and for " +
                  quoted(given.type) +
                  "; compare `github.event.action` in the `if`, or leave this "
                  "type out"
            : "every " + what + " that is " +
                  (given.type == "unlabeled" ? "taken off"
                   : given.type == "edited"  ? "made"
                                             : "given") +
                  ", whichever it is, launches the agent again, since nothing asks which one it "
                  "was" +
                  (together ? "; what is opened with " + what +
                                  "s launches it at once for `opened` and "
                                  "for each of them"
                            : std::string()) +
                  "; compare " + quoted(given.piece) + " in the `if`" +
                  (given.type == "labeled" ? "" : ", or leave this type out"));
    if (given.what != "label") report.severity(Severity::note).confidence(Confidence::medium);
    if (together) report.related(subject_, opened, "comes together with it");
    report.related(subject_, launch.place().key, "the agent is launched here");
  }

  /// The launches that a schedule reaches.
  std::vector<std::size_t> reached_by(std::string_view cron) const {
    std::vector<std::size_t> found;
    for (std::size_t at = 0; at < launches_.size(); ++at) {
      if (is_told_which(launches_[at], "schedule")) continue;
      for (const std::string& repository : repositories_named(conditions(at).all())) {
        Scope scope = scope_of({.event = "schedule", .repository = repository});
        scope.set("github.event.schedule", Value::string(std::string(cron)));
        if (conditions(at).runs(scope) != Truth::yes || is_gated_by_identity(at)) continue;
        found.push_back(at);
        break;
      }
    }
    return found;
  }

  /// Runs of a schedule are never duplicates for a gate, unless it is told what they have in
  /// common.
  bool is_gated_by_identity(std::size_t launch) const {
    const std::vector<GateBefore> gates = gates_before(subject_, launches_[launch]);
    return std::any_of(gates.begin(), gates.end(), [](const GateBefore& each) {
      return each.gate->kind != GateKind::refgate ||
             (each.place.step != nullptr &&
              (told(each.place, "identity") || told(each.place, "identity-by")));
    });
  }

  void find_crons() {
    constexpr std::size_t most_crons = 24;
    for (const Trigger& each : subject_.workflow->triggers) {
      const Trigger* trigger = &each;
      if (trigger->event != "schedule") continue;
      const std::size_t count = std::min(trigger->crons.size(), most_crons);
      for (std::size_t second = 1; second < count; ++second) {
        for (std::size_t first = 0; first < second; ++first) {
          const std::string_view left = trigger->crons[first].text();
          const std::string_view right = trigger->crons[second].text();
          // Equal ones are for `duplicate-entry`.
          const std::optional<std::string> minute =
              left == right ? std::nullopt : common_minute(left, right);
          if (!minute) continue;
          const std::vector<std::size_t> one = reached_by(left);
          const std::vector<std::size_t> other = reached_by(right);
          const auto both = std::find_if(one.begin(), one.end(), [&](std::size_t at) {
            return std::find(other.begin(), other.end(), at) != other.end();
          });
          if (both == one.end()) continue;
          sink_
              .report(subject_, trigger->crons[second],
                      "this schedule and " + quoted(left) + " meet, at " + *minute +
                          " UTC for instance, and then launch the agent twice; move one of them, "
                          "or ask for `github.event.schedule` in the `if`")
              .related(subject_, trigger->crons[first], "the other schedule")
              .related(subject_, launches_[*both].place().key, "the agent is launched here");
          return;
        }
      }
    }
  }

  const Subject& subject_;
  Sink& sink_;
  const std::vector<AgentLaunch>& launches_;
};

}  // namespace

void report_repeated_starts(const Subject& subject, Sink& sink) { Finder(subject, sink).find(); }

}  // namespace refgate::lint
