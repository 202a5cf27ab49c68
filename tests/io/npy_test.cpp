// .npy files: those that NumPy wrote (tests/data/npy, by numpy.save), our own, and spoilt ones.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include <nablur/io/npy.h>

#include "../messages.h"

using namespace nablur;

namespace {

namespace fs = std::filesystem;

std::string data(const std::string& name) { return NABLUR_SOURCE_DIR "/tests/data/npy/" + name; }

class Npy : public testing::Test {
 protected:
  Npy() : folder_(fs::path(testing::TempDir()) / ("npy." + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~Npy() override { fs::remove_all(folder_); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string written(const std::string& bytes) const {
    std::ofstream(file("spoilt.npy"), std::ios::binary) << bytes;
    return file("spoilt.npy");
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

 private:
  fs::path folder_;
};

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A file with this dictionary in its header.
std::string with_header(const std::string& dictionary, const std::string& elements) {
  std::string start("\x93NUMPY");
  start +=
      {1, 0, static_cast<char>(dictionary.size() & 255), static_cast<char>(dictionary.size() >> 8)};
  return start + dictionary + elements;
}

TEST_F(Npy, ReadsWhatNumpyWrote) {
  const auto c = load_npy<double>(data("c_order_f8.npy"));
  ASSERT_EQ(c.shape(), (Shape{2, 3, 4}));
  for (int i = 0; i < 24; ++i) EXPECT_EQ(c.data()[i], i);
  const auto fortran = load_npy<float>(data("fortran_order_f4.npy"));
  ASSERT_EQ(fortran.shape(), (Shape{2, 3, 4}));
  for (int i = 0; i < 24; ++i) EXPECT_EQ(fortran.data()[i], static_cast<float>(i));
  EXPECT_EQ(load_npy<std::int64_t>(data("rank_0_i8.npy")).item(), -7);
  EXPECT_EQ(load_npy<std::int64_t>(data("version_2_i8.npy"))(2), 3);
  EXPECT_EQ(load_npy<double>(data("no_elements_f8.npy")).shape(), (Shape{0, 5}));
}

TEST_F(Npy, ReadsWhatItWrote) {
  const auto there_and_back = [&]<class T>(const Tensor<T>& x) {
    save_npy(file("x.npy"), x);
    const auto y = load_npy<T>(file("x.npy"));
    EXPECT_EQ(y.shape(), x.shape());
    EXPECT_TRUE(std::equal(x.begin(), x.end(), y.begin()));
    EXPECT_EQ(fs::file_size(file("x.npy")) % 64,
              static_cast<std::size_t>(x.size()) * sizeof(T) % 64)
        << "the elements do not begin at a multiple of 64 bytes, as NumPy asks";
  };
  there_and_back(Tensor<double>{1.5, -0.0, std::numeric_limits<double>::infinity()});
  there_and_back(Tensor<float>{{1, 2}, {3, 4}});
  there_and_back(Tensor<std::int64_t>(std::numeric_limits<std::int64_t>::min()));
  there_and_back(Tensor<double>::zeros({3, 0}));
  there_and_back(Tensor<double>());
  there_and_back(Tensor<float>::ones(std::vector<int>(64, 1)));
  there_and_back(Tensor<double>::ones({7}).rows(2, 5));
}

// numpy.save's bytes, to the last one.
TEST_F(Npy, WritesWhatNumpyWrites) {
  save_npy(file("x.npy"), Tensor<double>::arange(24).reshaped({2, 3, 4}));
  EXPECT_EQ(bytes_of(file("x.npy")), bytes_of(data("c_order_f8.npy")));
  save_npy(file("x.npy"), Tensor<std::int64_t>(-7));
  EXPECT_EQ(bytes_of(file("x.npy")), bytes_of(data("rank_0_i8.npy")));
}

TEST_F(Npy, RefusesOtherFilesWithASentence) {
  expect_message("load_npy", {"no-such", "No such file"}, [] { load_npy<float>("/no-such"); });
  expect_message("load_npy", {"/tmp", "directory"}, [] { load_npy<float>("/tmp"); });
  expect_message("load_npy", {"<f8", "<f4"}, [] { load_npy<float>(data("c_order_f8.npy")); });
  expect_message("load_npy", {">f8", "<f8"}, [] { load_npy<double>(data("big_endian_f8.npy")); });
  expect_message("load_npy", {"|O", "<f8"}, [] { load_npy<double>(data("objects.npy")); });
  expect_message("load_npy", {"not a .npy file"},
                 [&] { load_npy<double>(written("hello, world!")); });
  expect_message("load_npy", {"ends within"}, [&] { load_npy<double>(written("")); });
  const auto refused = [&](const std::string& dictionary, const std::string& part,
                           const std::string& elements = "12345678") {
    expect_message("load_npy", {part},
                   [&] { load_npy<double>(written(with_header(dictionary, elements))); });
  };
  const std::string start = "{'descr': '<f8', 'fortran_order': False, 'shape': ";
  EXPECT_EQ(load_npy<double>(written(with_header(start + "(1,), }", "12345678"))).size(), 1);
  refused(start + "(1,), }", "9 bytes", "123456789");
  refused(start + "(2,), }", "8 bytes");
  refused(start + "(-1,), }", "no number");
  refused(start + "(1e3,), }", "dictionary");
  refused(start + "(99999999999999999999,), }", "no number");
  refused(start + "(4611686018427387904, 4), }", "2^63");
  refused(start + "(1152921504606846976,), }", "address space");
  refused(start + "(1152921504606846975,), }", "8 bytes");
  refused(start + "(1,), 'more': 1}", "not known");
  refused(start + "(1,), } x", "behind");
  refused("{'descr': '<f8', 'shape': (1,), }", "incomplete");
  refused("__import__('os')", "dictionary");
  refused("{'descr': '<f8", "open");
  expect_message("load_npy", {"64 KiB"}, [&] {
    load_npy<double>(written(std::string("\x93NUMPY\x02\x00\xff\xff\xff\x7f", 12)));
  });
  expect_message("load_npy", {"version 4"},
                 [&] { load_npy<double>(written(std::string("\x93NUMPY\x04\x00\x01\x00{", 11))); });
  EXPECT_EQ(files(), 1u) << "something was left behind";
}

// Cut at any length and with any byte spoilt: an Error, or an array of as many elements as the file
// holds.
TEST_F(Npy, SurvivesSpoiltFiles) {
  const std::string whole = bytes_of(data("version_2_i8.npy"));
  const auto try_to_load = [&](const std::string& bytes) {
    try {
      const auto x = load_npy<std::int64_t>(written(bytes));
      EXPECT_EQ(x.size(), 3);
    } catch (const Error&) {
      return;
    }
  };
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_THROW(load_npy<std::int64_t>(written(whole.substr(0, n))), Error) << n;
    for (const char c : {'\0', '\xff', '9', '(', '\''}) {
      std::string spoilt = whole;
      spoilt[n] = c;
      try_to_load(spoilt);
    }
  }
}

TEST_F(Npy, LeavesNoPartOfAFileBehind) {
  save_npy(file("x.npy"), Tensor<double>{1});
  expect_message("save_npy", {"/no-such", "No such file"},
                 [] { save_npy("/no-such/x.npy", Tensor<double>{1}); });
  fs::create_directories(file("folder.npy"));
  expect_message("save_npy", {"folder.npy"},
                 [&] { save_npy(file("folder.npy"), Tensor<double>{1}); });
  EXPECT_EQ(files(), 2u);
  if (fs::exists("/dev/full")) {
    fs::create_symlink("/dev/full", file("full.npy.part"));
    expect_message("save_npy", {"No space left"},
                   [&] { save_npy(file("full.npy"), Tensor<double>{1}); });
    EXPECT_EQ(files(), 2u);
  }
}

}  // namespace
