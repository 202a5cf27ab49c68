#include <nablur/io/npy.h>

#include <unistd.h>

#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include <nablur/autodiff/detail/walk.h>

namespace nablur {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMostHeader = std::size_t{64} << 10;

template <class T>
constexpr std::string_view kDescription = "";
template <>
constexpr std::string_view kDescription<float> = "<f4";
template <>
constexpr std::string_view kDescription<double> = "<f8";
template <>
constexpr std::string_view kDescription<std::int64_t> = "<i8";

struct File {
  std::FILE* handle;
  explicit File(std::FILE* f) : handle(f) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (handle != nullptr) std::fclose(handle);
  }
};

[[noreturn]] void fail_with_reason(const char* op, const std::string& path) {
  const int reason = errno;
  if (reason == ENOMEM) throw OutOfMemory(op);
  fail(op, ": ", path, ": ", std::string_view(std::strerror(reason)));
}

// The header's dictionary. Three entries in any order, and nothing else:
// {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }
class Header {
 public:
  Header(const std::string& path, std::string_view text) : path_(path), rest_(text) {
    expect("{");
    while (!accept("}")) {
      const std::string_view key = quoted();
      expect(":");
      if (key == "descr" && description.empty()) {
        description = quoted();
      } else if (key == "fortran_order" && !has_order_) {
        has_order_ = true;
        fortran_order = boolean();
      } else if (key == "shape" && !has_shape_) {
        has_shape_ = true;
        read_shape();
      } else {
        refuse("has a header with an entry that is not known");
      }
      if (!accept(",")) {
        expect("}");
        break;
      }
    }
    skip_spaces();
    if (!rest_.empty()) refuse("has text behind its header");
    if (description.empty() || !has_order_ || !has_shape_) refuse("has an incomplete header");
  }

  std::string_view description;
  bool fortran_order = false;
  std::vector<std::int64_t> sizes;

 private:
  [[noreturn]] void refuse(const char* why) const { fail("load_npy: ", path_, " ", why); }

  void skip_spaces() {
    const std::size_t n = rest_.find_first_not_of(" \n\t");
    rest_.remove_prefix(n == std::string_view::npos ? rest_.size() : n);
  }
  bool accept(std::string_view word) {
    skip_spaces();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void expect(std::string_view word) {
    if (!accept(word)) refuse("has a header that is no dictionary of the .npy format");
  }
  std::string_view quoted() {
    expect("'");
    const std::size_t end = rest_.find('\'');
    if (end == std::string_view::npos) refuse("has a header with an open quotation");
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return word;
  }
  bool boolean() {
    if (accept("True")) return true;
    expect("False");
    return false;
  }
  void read_shape() {
    expect("(");
    while (!accept(")")) {
      skip_spaces();
      std::int64_t size = 0;
      const char* const end = rest_.data() + rest_.size();
      const auto [after, error] = std::from_chars(rest_.data(), end, size);
      if (error != std::errc() || size < 0) refuse("has a size in its header that is no number");
      rest_.remove_prefix(static_cast<std::size_t>(after - rest_.data()));
      sizes.push_back(size);
      if (!accept(",")) {
        expect(")");
        break;
      }
    }
  }

  const std::string& path_;
  std::string_view rest_;
  bool has_order_ = false;
  bool has_shape_ = false;
};

std::string read_header(const std::string& path, std::FILE* file) {
  unsigned char start[12];
  const auto read = [&](void* to, std::size_t bytes) {
    if (std::fread(to, 1, bytes, file) == bytes) return;
    if (std::ferror(file) != 0) fail_with_reason("load_npy", path);
    fail("load_npy: ", path, " ends within its header");
  };
  read(start, 10);
  if (std::memcmp(start, kMagic.data(), kMagic.size()) != 0) {
    fail("load_npy: ", path, " is not a .npy file");
  }
  const int version = start[6];
  if (version < 1 || version > 3) {
    fail("load_npy: ", path, " has version ", version, ", known are 1 to 3");
  }
  std::size_t length = start[8] + (std::size_t{start[9]} << 8);
  if (version > 1) {
    read(start + 10, 2);
    length += (std::size_t{start[10]} << 16) + (std::size_t{start[11]} << 24);
  }
  if (length > kMostHeader) {
    fail("load_npy: ", path, " has a header of ", length, " bytes, more than 64 KiB");
  }
  std::string text(length, '\0');
  read(text.data(), length);
  return text;
}

Shape shape_of(const std::string& path, const std::vector<std::int64_t>& sizes) {
  try {
    return Shape(sizes);
  } catch (const OutOfMemory&) {
    throw;
  } catch (const Error& error) {
    fail("load_npy: ", path, ": ", std::string_view(error.what()));
  }
}

// Exactly `bytes` bytes must follow.
void require_rest(const std::string& path, std::FILE* file, std::int64_t bytes) {
  const long begin = std::ftell(file);
  if (begin < 0 || std::fseek(file, 0, SEEK_END) != 0) fail_with_reason("load_npy", path);
  const long end = std::ftell(file);
  if (end < 0 || std::fseek(file, begin, SEEK_SET) != 0) fail_with_reason("load_npy", path);
  if (end - begin != bytes) {
    fail("load_npy: ", path, " has ", end - begin, " bytes of elements, its shape asks for ",
         bytes);
  }
}

// x holds an array of this shape in Fortran order: its first axis has stride 1.
template <class T>
Tensor<T> from_fortran_order(const Tensor<T>& x, const Shape& shape) {
  detail::IntList strides(shape.rank(), 1);
  for (std::int64_t axis = 1; axis < shape.rank(); ++axis) {
    strides[axis] = strides[axis - 1] * shape[axis - 1];
  }
  return detail::gather(x, {shape, strides, 0});
}

template <class T>
Tensor<T> load(const std::string& path) {
  const File file(std::fopen(path.c_str(), "rbe"));
  if (file.handle == nullptr) fail_with_reason("load_npy", path);
  const std::string text = read_header(path, file.handle);
  const Header header(path, text);
  if (header.description != kDescription<T>) {
    fail("load_npy: ", path, " has elements of type ", header.description, ", expected ",
         kDescription<T>);
  }
  const Shape shape = shape_of(path, header.sizes);
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(shape.size(), static_cast<std::int64_t>(sizeof(T)), &bytes)) {
    fail("load_npy: ", path, ": shape ", shape, " exceeds the address space");
  }
  require_rest(path, file.handle, bytes);
  auto x = Tensor<T>::empty(shape);
  if (std::fread(x.mutable_data(), 1, static_cast<std::size_t>(bytes), file.handle) !=
      static_cast<std::size_t>(bytes)) {
    fail_with_reason("load_npy", path);
  }
  return header.fortran_order && shape.rank() > 1 ? from_fortran_order(x, shape) : x;
}

// Written beside its place first, and moved there when it is whole.
template <class T>
void save(const std::string& path, const Tensor<T>& x) {
  std::string header = detail::concat("{'descr': '", kDescription<T>,
                                      "', 'fortran_order': False, 'shape': ", x.shape(), ", }");
  const std::size_t before = kMagic.size() + 4;
  header.append(64 - (before + header.size() + 1) % 64, ' ');
  header += '\n';
  std::string start(kMagic);
  start += {1, 0, static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  start += header;

  const std::string part = path + ".part";
  std::FILE* const handle = std::fopen(part.c_str(), "wbe");
  if (handle == nullptr) fail_with_reason("save_npy", part);
  const std::size_t bytes = static_cast<std::size_t>(x.size()) * sizeof(T);
  bool whole = std::fwrite(start.data(), 1, start.size(), handle) == start.size() &&
               std::fwrite(x.data(), 1, bytes, handle) == bytes;
  whole = std::fclose(handle) == 0 && whole;
  if (whole && std::rename(part.c_str(), path.c_str()) == 0) return;
  const int reason = errno;
  ::unlink(part.c_str());
  errno = reason;
  fail_with_reason("save_npy", path);
}

}  // namespace

template <NpyElement T>
Tensor<T> load_npy(const std::string& path) {
  return detail::or_out_of_memory("load_npy", [&] { return load<T>(path); });
}

template <NpyElement T>
void save_npy(const std::string& path, const Tensor<T>& x) {
  detail::or_out_of_memory("save_npy", [&] { save(path, x); });
}

template Tensor<float> load_npy(const std::string&);
template Tensor<double> load_npy(const std::string&);
template Tensor<std::int64_t> load_npy(const std::string&);
template void save_npy(const std::string&, const Tensor<float>&);
template void save_npy(const std::string&, const Tensor<double>&);
template void save_npy(const std::string&, const Tensor<std::int64_t>&);

}  // namespace nablur
