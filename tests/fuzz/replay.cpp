// The main of a fuzzer in an ordinary build: runs each file of a corpus, then a fixed number of
// pseudo-random inputs.
//
//   replay <folder or file> [random inputs]

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& place) {
  if (!fs::is_directory(place)) return {place};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(place)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::uint8_t> read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "replay: %s cannot be read\n", file.c_str());
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(in), {}};
}

// mt19937_64 gives the same numbers with every standard library; the distributions do not.
void run_random_inputs(std::int64_t count) {
  std::mt19937_64 random(1);
  std::vector<std::uint8_t> bytes;
  for (std::int64_t i = 0; i < count; ++i) {
    bytes.resize(random() % 300);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s <folder or file> [random inputs]\n", argv[0]);
    return 1;
  }
  const std::vector<fs::path> files = files_of(argv[1]);
  for (const fs::path& file : files) {
    std::fprintf(stderr, "replay: %s\n", file.filename().c_str());
    const std::vector<std::uint8_t> bytes = read(file);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  const std::int64_t random_inputs = argc > 2 ? std::atoll(argv[2]) : 0;
  std::fprintf(stderr, "replay: %lld random inputs\n", static_cast<long long>(random_inputs));
  run_random_inputs(random_inputs);
  const bool enough = nablur::fuzz::Oracle::report();
  return files.empty() || (fs::is_directory(argv[1]) && !enough) ? 1 : 0;
}
