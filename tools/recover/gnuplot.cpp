#include "gnuplot.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>

#include <nablur/support/error.h>

namespace recover {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

int close_file(std::FILE* file) { return std::fclose(file); }

File scratch_file() {
  File file(std::tmpfile(), close_file);
  if (!file) nablur::fail("gnuplot: no temporary file can be made: ", std::strerror(errno));
  return file;
}

std::string find_gnuplot() {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string program = (folder.empty() ? "." : folder) + "/gnuplot";
    struct stat there = {};
    if (stat(program.c_str(), &there) == 0 && S_ISREG(there.st_mode) &&
        access(program.c_str(), X_OK) == 0)
      return program;
  }
  nablur::fail(
      "--figure needs gnuplot, which is not in the PATH; on Debian: apt-get install gnuplot-nox");
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

std::string read_all(std::FILE* file) {
  std::string text;
  char chunk[1 << 14];
  while (const std::size_t n = std::fread(chunk, 1, sizeof chunk, file)) text.append(chunk, n);
  return text;
}

}  // namespace

void require_gnuplot() { find_gnuplot(); }

std::string run_gnuplot(const std::string& script) {
  const std::string program = find_gnuplot();
  const File input = scratch_file();
  const File errors = scratch_file();
  if (std::fwrite(script.data(), 1, script.size(), input.get()) != script.size() ||
      std::fflush(input.get()) != 0) {
    nablur::fail("gnuplot: its script cannot be written: ", std::strerror(errno));
  }
  std::rewind(input.get());
  // Through a pipe: gnuplot itself may not see, or not tell, that a disk is full.
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    nablur::fail("gnuplot: no pipe can be made: ", std::strerror(errno));
  const File picture(fdopen(ends[0], "r"), close_file);
  if (!picture) throw nablur::OutOfMemory("gnuplot");

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(input.get()), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(errors.get()), STDERR_FILENO);
  std::string name = "gnuplot";
  std::string defaults = "--default-settings";  // not the user's own start-up file
  char* const arguments[] = {name.data(), defaults.data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failed != 0) nablur::fail(program, ": cannot be run: ", std::strerror(failed));

  const std::string drawn = read_all(picture.get());
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    nablur::fail("gnuplot was ended by a signal: ", strsignal(WTERMSIG(status)));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    nablur::fail("gnuplot failed: ", complaint(errors.get()));
  if (drawn.empty()) nablur::fail("gnuplot drew nothing: ", complaint(errors.get()));
  return drawn;
}

}  // namespace recover
