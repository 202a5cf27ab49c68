#include "gnuplot.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>

#include <nablur/autodiff/error.h>

namespace recover {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File scratch_file() {
  File file(std::tmpfile(), [](std::FILE* f) { return std::fclose(f); });
  if (!file) nablur::fail("gnuplot: no temporary file can be made: ", std::strerror(errno));
  return file;
}

std::string find_gnuplot() {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string program = (folder.empty() ? "." : folder) + "/gnuplot";
    struct stat there = {};
    if (stat(program.c_str(), &there) == 0 && S_ISREG(there.st_mode) && access(program.c_str(), X_OK) == 0) return program;
  }
  nablur::fail("--figure needs gnuplot, which is not in the PATH; on Debian: apt-get install gnuplot-nox");
}

// The line that names the fault; before it gnuplot repeats the script.
std::string complaint(std::FILE* errors) {
  std::rewind(errors);
  std::string text;
  char line[512];
  while (std::fgets(line, sizeof line, errors) != nullptr) {
    const char* const start = line + std::strspn(line, " \t\r\n^");
    if (*start != 0) text = start;
  }
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.pop_back();
  return text.empty() ? "it said nothing" : text;
}

}  // namespace

void require_gnuplot() { find_gnuplot(); }

void run_gnuplot(const std::string& script, std::FILE* out) {
  const std::string program = find_gnuplot();
  const File input = scratch_file();
  const File errors = scratch_file();
  if (std::fwrite(script.data(), 1, script.size(), input.get()) != script.size() || std::fflush(input.get()) != 0) {
    nablur::fail("gnuplot: its script cannot be written: ", std::strerror(errno));
  }
  std::rewind(input.get());

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(input.get()), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(errors.get()), STDERR_FILENO);
  std::string name = "gnuplot";
  std::string defaults = "--default-settings";  // not the user's own start-up file
  char* const arguments[] = {name.data(), defaults.data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) nablur::fail(program, ": cannot be run: ", std::strerror(failed));

  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) nablur::fail("gnuplot failed: ", complaint(errors.get()));
}

}  // namespace recover
