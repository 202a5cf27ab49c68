#include <nablur/ops/border.h>

#include <array>
#include <ostream>
#include <span>
#include <string>

namespace nablur {
namespace {

struct Row {
  std::string_view name;
  Border border;
};

constexpr Row kNames[] = {{"zero", Border::zero},
                          {"replicate", Border::replicate},
                          {"symmetric", Border::symmetric},
                          {"mirror", Border::mirror},
                          {"circular", Border::circular}};
// https://docs.scipy.org/doc/scipy/reference/generated/scipy.ndimage.correlate1d.html
constexpr Row kScipy[] = {{"constant", Border::zero},         {"grid-constant", Border::zero},
                          {"nearest", Border::replicate},     {"reflect", Border::symmetric},
                          {"grid-mirror", Border::symmetric}, {"mirror", Border::mirror},
                          {"wrap", Border::circular},         {"grid-wrap", Border::circular}};
// https://docs.opencv.org/4.x/d2/de8/group__core__array.html, cv::BorderTypes
constexpr Row kOpencv[] = {{"CONSTANT", Border::zero},      {"REPLICATE", Border::replicate},
                           {"REFLECT", Border::symmetric},  {"WRAP", Border::circular},
                           {"REFLECT_101", Border::mirror}, {"REFLECT101", Border::mirror},
                           {"DEFAULT", Border::mirror}};
// https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
constexpr Row kTorch[] = {{"constant", Border::zero},
                          {"zeros", Border::zero},
                          {"replicate", Border::replicate},
                          {"reflect", Border::mirror},
                          {"circular", Border::circular}};

Border find(const char* function, std::span<const Row> rows, std::string_view name,
            std::string_view asked) {
  for (const Row& row : rows) {
    if (row.name == name) return row.border;
  }
  const std::string known = detail::or_out_of_memory(function, [rows] {
    std::string names;
    for (const Row& row : rows) names.append(names.empty() ? "" : ", ").append(row.name);
    return names;
  });
  fail(function, ": \"", asked, "\" is none of ", known);
}

}  // namespace

const char* to_string(Border border) noexcept {
  for (const Row& row : kNames) {
    if (row.border == border) return row.name.data();
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, Border border) { return out << to_string(border); }

void detail::require_border(const char* op, Border border) {
  const auto number = static_cast<int>(border);
  if (number < 0 || number > static_cast<int>(Border::circular))
    fail(op, ": ", number, " is none of the five borders");
}

Border border_from_name(std::string_view name) {
  if (name == "reflect") {
    fail(
        "border_from_name: \"reflect\" means symmetric (ba|abcd|dc) to SciPy and OpenCV, and "
        "mirror (cb|abcd|cb) to NumPy and PyTorch; say "
        "which");
  }
  return find("border_from_name", kNames, name, name);
}

Border border_from_scipy(std::string_view mode) {
  return find("border_from_scipy", kScipy, mode, mode);
}

Border border_from_opencv(std::string_view type) {
  constexpr std::string_view prefix = "BORDER_";
  return find("border_from_opencv", kOpencv,
              type.starts_with(prefix) ? type.substr(prefix.size()) : type, type);
}

Border border_from_opencv(int type) {
  constexpr std::array<Border, 5> by_number = {Border::zero, Border::replicate, Border::symmetric,
                                               Border::circular, Border::mirror};
  if (type < 0 || type >= 5)
    fail("border_from_opencv: ", type, " is none of the border types 0 to 4");
  return by_number[static_cast<std::size_t>(type)];
}

Border border_from_torch(std::string_view mode) {
  return find("border_from_torch", kTorch, mode, mode);
}

}  // namespace nablur
