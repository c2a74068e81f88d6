#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "core/text/json.h"
#include "job/note/job_state.h"

using namespace refgate;

namespace {

namespace fs = std::filesystem;

/// A job's folder with one note in it.
class Job {
 public:
  explicit Job(Phase phase) : folder_(made()), state_(settings_of(folder_), Environment()) {
    ClaimNote note;
    note.ref = "refs/refgate/claims/a/b";
    note.name_space = "refgate";
    note.claim.claim_id = id;
    note.phase = phase;
    state_.save(note);
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  ~Job() { fs::remove_all(folder_); }

  const JobState& state() const { return state_; }
  ClaimNote note() const {
    const auto notes = state_.notes();
    REQUIRE(notes.size() == 1);
    return notes.front();
  }

  /// The note's file as somebody else leaves it.
  template <typename Edit>
  void edit(Edit edit) {
    for (const auto& file : fs::directory_iterator(folder_)) {
      if (file.path().extension() != ".json") continue;
      std::stringstream text;
      text << std::ifstream(file.path()).rdbuf();
      auto record = nlohmann::json::parse(text.str());
      edit(record);
      std::ofstream(file.path()) << record.dump();
    }
  }

  static constexpr const char* id = "0123456789abcdef0123456789abcdef";

 private:
  static std::string made() {
    std::string name = (fs::temp_directory_path() / "note-XXXXXX").string();
    return ::mkdtemp(name.data());
  }
  static Settings settings_of(const std::string& folder) {
    Settings settings;
    settings.state_dir = folder;
    return settings;
  }

  std::string folder_;
  JobState state_;
};

}  // namespace

TEST_CASE("note: a phase is one word, and comes back") {
  for (const Phase phase :
       {Phase::asked, Phase::won, Phase::told, Phase::ended, Phase::given_back}) {
    Job job(phase);
    CHECK(job.note().phase == phase);
    job.edit([&](nlohmann::json& record) { CHECK(record["phase"] == name_of(phase)); });
  }
}

TEST_CASE("note: the form before told its phase by two flags") {
  struct Row {
    bool unanswered, untold;
    Phase phase;
  };
  for (const Row& row : std::vector<Row>{{true, true, Phase::asked},
                                         {false, true, Phase::won},
                                         {false, false, Phase::told},
                                         {true, false, Phase::told}}) {
    Job job(Phase::told);
    job.edit([&](nlohmann::json& record) {
      record.erase("phase");
      record["unanswered"] = row.unanswered;
      record["untold"] = row.untold;
    });
    CHECK(job.note().phase == row.phase);
  }
}

TEST_CASE("note: a claim that has ended is over, whatever the phase says") {
  Job job(Phase::told);
  ClaimNote note = job.note();
  note.claim.state = ClaimState::ended;
  note.claim.outcome = ClaimOutcome::success;
  note.claim.ended_at = note.claim.claimed_at;
  job.state().save(note);
  CHECK(job.note().phase == Phase::ended);
}

TEST_CASE("note: a word that is no phase lets the end be told as the job's status says") {
  Job job(Phase::won);
  job.edit([](nlohmann::json& record) { record["phase"] = "lost"; });
  CHECK(job.note().phase == Phase::told);
  job.edit([](nlohmann::json& record) { record["phase"] = 7; });
  CHECK(job.note().phase == Phase::told);
}

TEST_CASE("note: what is over is told no more, and what is not there is not made") {
  Job job(Phase::ended);
  job.state().mark_told(Job::id);
  CHECK(job.note().phase == Phase::ended);
  job.state().remove(Job::id);
  job.state().mark_told(Job::id);
  CHECK(job.state().update(Job::id, [](ClaimNote&) { return true; }) == JobState::Update::missing);
  CHECK(job.state().notes().empty());
}

TEST_CASE("note: two steps that change it at once lose nothing of each other's") {
  Job job(Phase::won);
  constexpr int changes = 40;
  const auto append = [&] {
    for (int i = 0; i < changes; ++i)
      job.state().update(Job::id, [](ClaimNote& note) {
        note.job_status += "x";
        return true;
      });
  };
  std::thread other(append);
  append();
  other.join();
  CHECK(job.note().job_status.size() == 2 * changes);
}
