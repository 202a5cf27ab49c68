#include "run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace {

[[noreturn]] void become(const std::filesystem::path& folder, const std::string& program,
                         const std::vector<std::string>& arguments,
                         const Environment& environment) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);  // for the signals that leave a core
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  if (chdir(folder.c_str()) == 0) execv(program.c_str(), argv.data());
  _exit(127);
}

void wait_for(pid_t child, Outcome& run) {
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) run.signal = WTERMSIG(status);
}

// One read's worth; false at the end.
bool read_some(int descriptor, std::string& text) {
  char chunk[4096];
  const ssize_t n = read(descriptor, chunk, sizeof chunk);
  if (n > 0) text.append(chunk, static_cast<std::size_t>(n));
  return n > 0;
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    read_end = ends[0];
    write_end = ends[1];
  }
};

}  // namespace

Scratch::Scratch() {
  std::string pattern = (std::filesystem::temp_directory_path() / "recover_sigma_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder");
  folder_ = pattern;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Scratch::write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name)) << text;
}

std::string Scratch::read(const std::string& name) const {
  std::ifstream in(path(name));
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> Scratch::files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

Outcome Scratch::run(const std::string& program, const std::vector<std::string>& arguments,
                     const Environment& environment) const {
  const Pipe out;
  const Pipe error;
  const pid_t child = fork();
  if (child == 0) {
    dup2(out.write_end, STDOUT_FILENO);
    dup2(error.write_end, STDERR_FILENO);
    for (const int end : {out.read_end, out.write_end, error.read_end, error.write_end}) close(end);
    become(folder_, program, arguments, environment);
  }
  close(out.write_end);
  close(error.write_end);
  Outcome run;
  pollfd ends[] = {{out.read_end, POLLIN, 0}, {error.read_end, POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    poll(ends, 2, -1);
    if (ends[0].revents != 0 && !read_some(out.read_end, run.out)) ends[0].fd = -1;
    if (ends[1].revents != 0 && !read_some(error.read_end, run.error)) ends[1].fd = -1;
  }
  close(out.read_end);
  close(error.read_end);
  wait_for(child, run);
  return run;
}

Outcome Scratch::run_until(const std::string& program, const std::vector<std::string>& arguments,
                           const std::string& text, int signal, bool terminal) const {
  Pipe error;
  if (terminal) {
    close(error.read_end);
    close(error.write_end);
    if (openpty(&error.read_end, &error.write_end, nullptr, nullptr, nullptr) != 0)
      throw std::runtime_error("no terminal");
  }
  const pid_t child = fork();
  if (child == 0) {
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    dup2(error.write_end, STDERR_FILENO);
    close(error.read_end);
    become(folder_, program, arguments, {});
  }
  close(error.write_end);
  Outcome run;
  while (run.error.find(text) == std::string::npos && read_some(error.read_end, run.error)) {
  }
  kill(child, signal);
  while (read_some(error.read_end, run.error)) {
  }
  close(error.read_end);
  wait_for(child, run);
  return run;
}

std::string without_progress(const std::string& error) {
  std::string rest;
  for (const std::string& line : lines_of(error)) {
    if (line.find(" %  loss ") == std::string::npos) rest += line + "\n";
  }
  return rest;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<double> numbers_of(const std::string& line) {
  std::vector<double> numbers;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');) numbers.push_back(std::stod(field));
  return numbers;
}
