#pragma once
// The stores under test, each with a fresh repository behind it.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server_process.h"
#include "store/open.h"

inline constexpr const char* test_token = "s3cret-of-the-tests";

/// A repository, and how to reach it. Several stores opened on one place see the same refs.
struct Place {
  std::string repository;  ///< its folder; empty for the store in memory
  std::string address;
  std::vector<std::string>
      racer;  ///< arguments by which store_racer opens the same place; empty for memory
  std::function<std::shared_ptr<refgate::Store>()> open;
};

struct Backend {
  std::string name;
  std::function<Place()> make;
};

const std::vector<Backend>& backends();
/// The backend of that name; throws std::out_of_range.
const Backend& backend(const std::string& name);

/// The folder of all test repositories, and servers that serve it; started at the first use, gone
/// at the end of the program.
const std::string& root();
const ServerProcess& http_server();
const ServerProcess& https_server();
const ServerProcess& ssh_server();

/// An empty bare repository under root(), that takes pushes over HTTP.
std::string make_repository();
/// Its name below root().
std::string name_of(const std::string& repository);

std::shared_ptr<refgate::Store> open_http(const std::string& url, const std::string& token = {});

refgate::Snapshot snapshot(const std::string& content, const std::string& message = "a record\n");
refgate::Change create(const std::string& ref, const std::string& content);
refgate::Change update(const std::string& ref, const refgate::Version& from,
                       const std::string& content);
refgate::Change remove(const std::string& ref, const refgate::Version& from);

std::vector<refgate::SwapOutcome> swap(refgate::Store& store,
                                       const std::vector<refgate::Change>& changes);
/// Swaps one change and requires that it succeeds.
refgate::Version must_swap(refgate::Store& store, const refgate::Change& change);
std::map<std::string, refgate::Stored> read(refgate::Store& store,
                                            const std::vector<std::string>& refs);

/// A version that no ref of the tests has.
refgate::Version nobodys_version();
